"""Waking a run that is parked in the transaction of the caller, which holds its row."""

from __future__ import annotations

from executions import clock
from executions.dispatch import ring_after_commit
from executions.models import Execution
from executions.states import Phase


def wake(execution: Execution) -> None:
    """Make it due, if it waits. One that is driven hears of it by its inbox."""
    waiting = Execution.objects.filter(pk=execution.pk, phase=Phase.WAITING)
    if waiting.update(wake_at=clock.now(), rung_at=None):
        ring_after_commit(execution.pk, lambda: execution.queue, execution.owner_id)
