"""Finding a driver's move again whose COMMIT broke off: was it carried out?

Only the holder of the token writes Steps of an execution in progress, and Events of the names that
a driver writes (a person's word on a silent attempt has names of its own), so that what bears its
marks after the last sequence that it saw is its own. A move without any marks only sets columns,
and may be carried out twice.
"""

from __future__ import annotations

from executions.models.event import Event
from executions.models.execution import Execution
from executions.models.move import Applied, Lease, Move
from executions.models.step import Step


def found(move: Move) -> Applied | None:
    """The row as it is now if the move stands in the database; None where it does not, or nobody
    can tell.
    """
    if not isinstance(move.guard, Lease) or move.after_seq is None:
        return None
    row = Execution.objects.filter(
        pk=move.execution_id, token=move.guard.token, head_seq__gt=move.after_seq
    ).first()
    if row is None or not _has_marks(move, row, move.after_seq):
        return None
    asked = (row.cancel_asked_at is not None, row.pause_asked_at is not None)
    return Applied(row.head_seq, row.inbox, row.token, *asked)


def _has_marks(move: Move, row: Execution, after_seq: int) -> bool:
    if move.phase is not None:
        return row.phase == move.phase
    if move.steps:
        return Step.objects.filter(pk=move.steps[-1].id, changed_seq__gt=after_seq).exists()
    names = [event.name for event in move.events]
    return Event.objects.filter(
        execution_id=move.execution_id, seq__gt=after_seq, created_at=move.at, name__in=names
    ).exists()
