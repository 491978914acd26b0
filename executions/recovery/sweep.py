"""The sweep: rings again for whatever is due and unleased, and says who died. It puts work back through the front door
and never runs it; ringing twice is safe, so every worker may sweep."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Q
from django.db.models.functions import Now

from executions import dispatch
from executions.models import Execution
from executions.recovery.processes import declare_the_dead
from executions.recovery.repair import ConsistencyCheck
from executions.recovery.runners import note_silent_runners

# A bell that was rung on commit gets this long before the sweep rings as well.
GRACE_SECONDS = 2.0
log = structlog.get_logger(__name__)


def sweep(most: int) -> int:
    """Declare the dead, say whose runner is silent, then ring for at most ``most`` due or orphaned executions, the
    oldest first. How many rang."""
    declare_the_dead()
    note_silent_runners()
    orphans = list(Execution.objects.orphaned().filter(_not_just_rung()).order_by("id")[:most])
    for execution in orphans:
        log.warning("orphaned execution found", execution_id=execution.public_id, token=execution.token)
    due = Execution.objects.due().filter(_not_just_rung(), wake_at__lt=Now() - timedelta(seconds=GRACE_SECONDS))
    found = orphans + list(due.order_by("wake_at")[: max(0, most - len(orphans))])
    return sum(_ring(execution) for execution in found)


def _not_just_rung() -> Q:
    return Q(rung_at=None) | Q(rung_at__lt=Now() - timedelta(seconds=settings.STIGMER_RING_AGAIN_SECONDS))


def _ring(execution: Execution) -> bool:
    """Stamp first: of several sweepers one rings."""
    # The time itself is no guard: SQLite writes it with milliseconds and compares it as text.
    stamped = Execution.objects.filter(_not_just_rung(), pk=execution.pk, token=execution.token)
    if not stamped.update(rung_at=Now()):
        return False
    return dispatch.ring(execution.pk, execution.queue)


class Sweeper:
    """Sweeps now and then every STIGMER_SWEEP_SECONDS, in a thread of its own."""

    def __init__(self, free_slots: Callable[[], int]) -> None:
        self._free_slots = free_slots
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweep", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        check = ConsistencyCheck()
        while True:
            try:
                sweep(max(1, self._free_slots()))
                check.run_if_due()
            except DatabaseError as problem:
                connection.close()
                log.warning("sweep failed", problem=str(problem).strip())
            if self._stop.wait(settings.STIGMER_SWEEP_SECONDS):
                break
        connection.close()
