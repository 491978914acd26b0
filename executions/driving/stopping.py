"""Stopping a run from outside of its drive: at once where nobody drives it, else asked of its
driver.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from executions import clock
from executions.driving import report
from executions.driving.closing import closed_records
from executions.driving.lease import load_open_records
from executions.journal.events import EventName
from executions.journal.records import StepRecord
from executions.models import Execution
from executions.models.execution import ExecutionQuerySet
from executions.models.move import Move, Standing
from executions.models.moves import apply
from executions.models.transactions import atomic
from executions.states import ACTIVE_PHASES, Phase


def awaited_children(execution_id: uuid.UUID) -> ExecutionQuerySet:
    """The runs that this one started and waits for, the oldest first.

    An execution that it let go is not among them.
    """
    return Execution.objects.filter(parent_id=execution_id, is_awaited=True).order_by("id")


def cancel_with_children(execution_id: uuid.UUID) -> None:
    """Cancel a run that nobody waits for any more, and what it waits for itself, as one
    transaction.

    A child is locked before its parent: the end of a child writes to its parent.
    """
    with atomic():
        cancel_children(execution_id)
        rows = Execution.objects.select_for_update(of=("self",)).filter(
            pk=execution_id, phase__in=ACTIVE_PHASES
        )
        if (execution := rows.first()) is not None:
            apply(
                asked(execution, "cancel_asked_at")
                if is_driven(execution)
                else cancelled(execution, None)
            )


def cancel_children(execution_id: uuid.UUID) -> None:
    """The same for all that a run waits for. The caller holds a transaction."""
    for child in awaited_children(execution_id).filter(phase__in=ACTIVE_PHASES):
        cancel_with_children(child.pk)


def is_driven(execution: Execution) -> bool:
    return execution.phase == Phase.IN_PROGRESS


def asked(execution: Execution, column: str) -> Move:
    """Ask whoever drives it; honoured at the next boundary."""
    move = Move(execution.pk, Standing(frozenset({Phase.IN_PROGRESS})), owner_id=execution.owner_id)
    move.columns[column] = clock.now()
    move.increments = ("inbox",)
    return move


def cancelled(execution: Execution, actor_id: int | None) -> Move:
    """Cancelled at once; ``actor_id`` None: not by a person."""
    move = told(execution, actor_id, EventName.CANCELLED, Phase.CANCELLED)
    move.steps = closed(execution.pk, move.at, outcome_unknown=False)
    return move


def told(execution: Execution, actor_id: int | None, event: EventName, to: Phase) -> Move:
    """From the phase in which it stands into another one, and the event that tells of it."""
    now = clock.now()
    move = Move(
        execution.pk,
        Standing(frozenset({Phase(execution.phase)})),
        increments=("inbox",),
        events=[report.plain(event, execution, now, actor_id)],
        owner_id=execution.owner_id,
        correlation_id=execution.correlation_id,
        at=now,
    )
    return move.to(to)


def closed(execution_id: uuid.UUID, now: datetime, *, outcome_unknown: bool) -> list[StepRecord]:
    """Every open step, closed as cancelled; what was running when it ended may still have
    happened.
    """
    return closed_records(load_open_records(execution_id), now, outcome_unknown=outcome_unknown)
