"""The sweep: rings again for whatever is due and unleased, and says who died.

It puts work back through the front door and never runs it; ringing twice is safe. One process
sweeps at a time: the row ``sweep`` of :class:`Turn` says which.
"""

from __future__ import annotations

import threading
import time

import structlog
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection

from executions import audit
from executions.accounts import refused
from executions.audit import refusals
from executions.inbound import forgetting
from executions.models import Process, Turn
from executions.models.spell import Spell
from executions.recovery import loads, parts
from executions.recovery.processes import Watch, declare_the_dead
from executions.recovery.repair import ConsistencyCheck
from executions.recovery.rings import URGENT_GRACE_SECONDS, ring_for_due, ring_for_orphans
from executions.recovery.violations import repair_the_lost

NAME = "sweep"
# The process that has the turn may have been cut off in the middle of it; two sweeps at once do no
# harm.
LONGEST_SECONDS = 10.0
# The most bells of one sweep for orphans, and as many for what is due: the oldest of each owner in
# turn.
MOST_RINGS = 100
# The lost that only a look at each run that waits finds are looked for so often.
SCAN_SECONDS = 60.0
# Of its period: so soon after another process has swept nobody does. However many workers there
# are, the system is swept as often.
REST = 0.75
log = structlog.get_logger(__name__)


def sweep(watch: Watch | None = None) -> int:
    """Do everything that is done now and then, each part once. Returns how many bells it rang."""
    return Sweep(watch or Watch()).go()


class Sweep:
    """One sweeper's; what it remembers says what does not need to be done each time."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._trail = audit.Watcher()
        self._scan_at = 0.0

    def go(self) -> int:
        """Sweep once. Returns how many bells it rang."""
        declare_the_dead(self._watch)
        with self._watch.waiting():
            seen = parts.look()
            rang = ring_for_orphans(MOST_RINGS) if parts.ORPHANS in seen.there else 0
            rang += ring_for_due(MOST_RINGS) if parts.DUE in seen.there else 0
            for part in seen.parts():
                part.do()
            self._scan()
            self._trail.go_on(seen.trail)
            refused.tell_how_many()
            refusals.tell_how_many()
            forgetting.go_on()
            if parts.NOTED not in seen.there:
                loads.note()
        return rang

    def _scan(self) -> None:
        """Now and then look for the lost that no index finds, too."""
        if time.monotonic() >= self._scan_at:
            self._scan_at = time.monotonic() + SCAN_SECONDS
            repair_the_lost()


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
        watch, check, spell = Watch(), ConsistencyCheck(), Spell("sweep")
        everything = Sweep(watch)
        while not self._stopping:
            self._wake.clear()
            try:
                self._sweep(everything, check, watch)
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

    def _sweep(self, everything: Sweep, check: ConsistencyCheck, watch: Watch) -> None:
        if self._hurry.is_set():
            self._take_up_now(watch)
            return
        # A process that starts sweeps: whatever stopped before it is taken up at once.
        rest = REST * settings.STIGMER_SWEEP_SECONDS if self._has_looked else 0.0
        with watch.waiting():
            is_ours = Turn.take(NAME, self._process.pk, LONGEST_SECONDS, rest=rest)
        self._has_looked = True
        if is_ours:
            everything.go()
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
