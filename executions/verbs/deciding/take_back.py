"""Taking back a decision of which nothing has come yet: no worker has taken the run since.

The steps that the decision had set aside stand again, those that it wrote are superseded, and the
run stands failed as it stood before. The journal keeps both.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from executions import clock
from executions.driving import report
from executions.errors import Refused
from executions.journal.decided import Child
from executions.journal.events import EventName
from executions.journal.records import DECISION, StepRecord
from executions.models import Execution, Step
from executions.models.rows import RECORD_FIELDS, AsJson, record_of
from executions.models.transactions import persistent
from executions.states import Phase
from executions.verbs.deciding.case import Case, Decided, write
from executions.verbs.deciding.opening import Opening, opened

# The columns of a failed run that a decision changes.
_MOMENTS = ("failed_at", "ended_at")
_COLUMNS = (
    "failure_reason",
    "cause",
    "retry_count",
    "requires_manual_intervention",
    "current_step",
)


def standing_of(execution: Execution) -> dict[str, Any]:
    """How a failed run stands, as JSON, to be given to :func:`take_back` later."""
    moments = {name: getattr(execution, name) for name in _MOMENTS}
    return {
        "error": execution.error,
        **{name: getattr(execution, name) for name in _COLUMNS},
        **{name: moment and moment.isoformat() for name, moment in moments.items()},
    }


@persistent
def take_back(
    execution_id: uuid.UUID, actor: User, verb: str, before: Mapping[str, Any], seq_after: int
) -> Decided:
    """Take back what ``verb`` decided, which left the run at ``seq_after``; it had stood as
    ``before`` says.

    Raises Refused: stale where a worker, or somebody, has moved it on since.
    """
    # The verb has left the run in this phase.
    phases = frozenset({Phase.PENDING})
    opening = Opening(execution_id, actor, verb, seq_after, takes_back=True, phases=phases)
    return opened(opening, lambda case: _taken_back(case, verb, before))


def _taken_back(case: Case, verb: str, before: Mapping[str, Any]) -> Decided:
    rows = Step.objects.standing().filter(execution=case.execution, kind=DECISION)
    decision = _records(rows.order_by("-seq")[:1])[0]
    taken = _records(Step.objects.filter(execution=case.execution, superseded_by=decision.id))
    if any(Child.of(record).child is not None for record in taken):
        raise Refused(
            "conflict",
            "The run that it started goes on already.",
            state=case.execution.phase,
            remedy="Pause or cancel it instead.",
        )
    places = {record.path for record in taken}
    case.superseded = [record for path, record in case.records.items() if path in places]
    case.superseded.append(decision)
    case.reinstated = taken
    assert decision.seq is not None
    case.made.undoes = decision.seq
    case.made.reinstates = sorted(places)
    case.verb = "take back"
    event = report.plain(
        EventName.TAKEN_BACK, case.execution, clock.now(), case.actor.pk, taken_back=verb
    )
    return write(case, [event], fails_with=_columns(before))


def _columns(before: Mapping[str, Any]) -> dict[str, Any]:
    columns: dict[str, Any] = {name: before[name] for name in _COLUMNS}
    for name in _MOMENTS:
        columns[name] = before[name] and datetime.fromisoformat(before[name])
    return {**columns, "error": AsJson(before["error"])}


def _records(rows: Any) -> list[StepRecord]:
    return [record_of(row) for row in rows.values_list(*RECORD_FIELDS)]
