"""Requests that are answered at once or wait: those that make no attempt of a call.

A new request of this kind is one line in the table; branches and single walks both look here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from executions import clock
from executions.driving import stopping
from executions.driving.attempts import children, listening
from executions.driving.closing import closed_records
from executions.driving.drive import Drive
from executions.inbound import offers
from executions.journal.decided import Child, Listening
from executions.journal.records import StepRecord
from executions.language.walking.requests import Abandon, Emit, Listen, Recall, Spawn, Take


def answer_of(drive: Drive, request: Any) -> Any:
    """The answer to the walk. Raises Parked while it has to wait."""
    return _ANSWERED_BY[type(request)](drive, request)


def close(drive: Drive, records: list[StepRecord]) -> None:
    """Close these open steps with the next boundary: nobody goes on with them.

    Runs that they wait for are cancelled before, in a transaction of their own: a child is locked
    before its parent, and its end writes to the parent.
    """
    for record in records:
        if (child := Child.of(record).child) is not None:
            drive.store.call(partial(stopping.cancel_with_children, child))
        if Listening.of(record).looked:
            drive.boundary.along.append(partial(offers.take, record.id, (), (), is_over=True))
    for record in closed_records(records, clock.now(), outcome_unknown=True):
        if record.id in drive.journal.written:
            drive.journal.pending[record.id] = record
        else:
            drive.journal.forget(record)


def _abandon(drive: Drive, request: Abandon) -> None:
    close(drive, drive.journal.open_below(request.path))


_ANSWERED_BY: dict[type[Any], Callable[[Drive, Any], Any]] = {
    Spawn: children.outcome_of,
    Emit: listening.emit,
    Listen: listening.hear,
    Recall: listening.recall,
    Take: listening.take,
    Abandon: _abandon,
}
