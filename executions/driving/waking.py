"""Waking a run that is parked in the transaction of the caller, which holds its row."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from executions import clock
from executions.dispatch import ring_after_commit
from executions.models import Execution
from executions.states import ENDED_PHASES, Phase


def wake_if_any_ended(execution: Execution, child_ids: Sequence[uuid.UUID]) -> None:
    """One of these may have ended between the look at it and this transaction, which holds the row
    of the parent now.
    """
    if Execution.objects.filter(pk__in=child_ids, phase__in=ENDED_PHASES).exists():
        wake(execution)


def wake(execution: Execution) -> None:
    """Make it due, if it waits. One that is driven hears of it by its inbox."""
    waiting = Execution.objects.filter(pk=execution.pk, phase=Phase.WAITING)
    if waiting.update(wake_at=clock.now(), rung_at=None):
        ring_after_commit(execution.pk, lambda: execution.queue, execution.owner_id)
