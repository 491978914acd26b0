"""The sweep: rings again for whatever is due and unleased, and says who died.

It puts work back through the front door and never runs it; ringing twice is safe. One process
sweeps at a time: the row ``sweep`` of :class:`Turn` says which.
"""

from __future__ import annotations

import threading

import structlog
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection

from executions import audit
from executions.accounts import refused
from executions.audit import refusals
from executions.inbound import forgetting
from executions.models import Process, Turn
from executions.models.spell import Spell
from executions.recovery import loads
from executions.recovery.outbox import send_what_is_unsent
from executions.recovery.processes import Watch, declare_the_dead
from executions.recovery.reminders import remind
from executions.recovery.repair import ConsistencyCheck
from executions.recovery.rings import (
    GRACE_SECONDS,
    URGENT_GRACE_SECONDS,
    ring_for_due,
    ring_for_orphans,
)
from executions.recovery.runners import note_silent_runners
from executions.recovery.violations import repair_the_lost
from executions.verbs import proposing

NAME = "sweep"
# The process that has the turn may have been cut off in the middle of it; two sweeps at once do no
# harm.
LONGEST_SECONDS = 10.0
# The most bells of one sweep for orphans, and as many for what is due: the oldest of each owner in
# turn.
MOST_RINGS = 100
# Of its period: so soon after another process has swept nobody does. However many workers there
# are, the system is swept as often.
REST = 0.75
log = structlog.get_logger(__name__)


def sweep(watch: Watch | None = None) -> int:
    """Do everything that is done now and then, each part once. Returns how many bells it rang."""
    watch = watch or Watch()
    rang = take_up_what_is_left(watch, grace_seconds=GRACE_SECONDS)
    with watch.waiting():
        note_silent_runners()
        repair_the_lost()
        send_what_is_unsent()
        audit.go_on()
        refused.tell_how_many()
        refusals.tell_how_many()
        remind()
        forgetting.go_on()
        proposing.expire()
        loads.note()
    return rang


def take_up_what_is_left(
    watch: Watch | None = None, *, grace_seconds: float = URGENT_GRACE_SECONDS
) -> int:
    """Declare the dead and ring for what they left and for what is due: what has to be fast after a
    death.

    Each at most MOST_RINGS: what dead processes left must not keep what is due waiting,
    nor the other way.
    """
    watch = watch or Watch()
    declare_the_dead(watch)
    with watch.waiting():
        return ring_for_orphans(MOST_RINGS) + ring_for_due(MOST_RINGS, grace_seconds=grace_seconds)


class Sweeper:
    """Sweeps now and every STIGMER_SWEEP_SECONDS, in a thread of its own; ``hurry`` when somebody
    has just died.
    """

    def __init__(self, process: Process) -> None:
        self._process = process
        self._stopping = False
        self._has_looked = False
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweep", daemon=True)
        self._thread.start()

    def hurry(self) -> None:
        self._hurry.set()
        self._wake.set()

    def close(self) -> None:
        self._stopping = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        check = ConsistencyCheck()
        watch, spell = Watch(), Spell("sweep")
        while not self._stopping:
            self._wake.clear()
            try:
                self._sweep(check, watch)
                spell.over("sweeping goes on")
            except DatabaseError as problem:
                connection.close()
                watch.forget()
                spell.met(problem, "sweep failed: the database does not take it")
            except Exception:
                # Any exception is caught: without this thread nobody would ring again for what was
                # lost.
                connection.close()
                log.exception("sweep failed")
            # While it only waits it keeps no connection of the few from those who drive.
            close_old_connections()
            self._wake.wait(settings.STIGMER_SWEEP_SECONDS)
        connection.close()

    def _sweep(self, check: ConsistencyCheck, watch: Watch) -> None:
        if self._hurry.is_set():
            self._take_up_now(watch)
            return
        # A process that starts sweeps: whatever stopped before it is taken up at once.
        rest = REST * settings.STIGMER_SWEEP_SECONDS if self._has_looked else 0.0
        with watch.waiting():
            is_ours = Turn.take(NAME, self._process.pk, LONGEST_SECONDS, rest=rest)
        self._has_looked = True
        if is_ours:
            sweep(watch)
            with watch.waiting():
                check.run_if_due()
                Turn.done(NAME, self._process.pk)

    def _take_up_now(self, watch: Watch) -> None:
        self._hurry.clear()
        try:
            take_up_what_is_left(watch)
        except DatabaseError:
            # Still to be done, as soon as the database takes it.
            self._hurry.set()
            raise
