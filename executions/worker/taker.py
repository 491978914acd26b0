"""Taking what is due straight from the database, in batches up to the free slots; no bell is needed
for it.

A thread looks at each moment at which a timer ends, as slots become free while more is due, and
every second: so what was due at one moment is taken as fast as it can be driven, whatever became of
its bells.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog
from django.conf import settings
from django.db import Error

from executions.driving.attempts.running import Running
from executions.driving.lease import Held, claim_many
from executions.driving.store import Store
from executions.driving.takeover import RECOVERIES_AT_ONCE
from executions.errors import Fenced
from executions.models import Execution
from executions.models.passing import trouble
from executions.recovery import waiting
from executions.recovery.rings import to_be_driven_alone
from executions.recovery.waiting import Waiting
from executions.worker.glance import ALONE, DUE, LEFT, LOOK_SECONDS, Glance, Seen
from executions.worker.moments import Moments
from executions.worker.slots import Slots
from executions.worker.solo import Solo

# Between two looks, so that timers that end one after the other are taken together.
GAP_SECONDS = 0.02
# While more is due than slots are free: by then some of them are free for another batch.
REFILL_SECONDS = 0.1
# Looks that find little to take need at most this share of the time, however much is due.
SHARE = 0.2
LEAST_FOUND = 50
# A look that filled this part of the slots was worth it.
MANY = 0.25
# Recoveries verify a journal and only a few may do so at once; more would only keep slots from
# others.
RECOVERIES_WAITING = 2
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """A batch.

    ``more``: something is due for which there was no room; ``moment``: when the next timer ends;
    ``seconds``: what finding it took.
    """

    held: list[Held]
    alone: list[Execution]
    more: bool
    moment: datetime | None
    seconds: float


class Taker:
    """``drive`` is called in a slot with what was taken."""

    def __init__(
        self,
        process_id: uuid.UUID,
        store: Store,
        slots: Slots,
        running: Running,
        solo: Solo,
        drive: Callable[[Held], None],
        moments: Moments,
        glance: Glance,
    ) -> None:
        self._glance = glance
        self._process_id = process_id
        self._store = store
        self._slots = slots
        self._running = running
        self._solo = solo
        self._drive = drive
        self._moments = moments
        self._changed = moments.changed
        self._is_asked = True
        self._more = False
        self._is_freed = False
        self._closed = False
        self._recovering = 0
        self._looked_at = self._looked_for_all_at = 0.0
        self._gap = GAP_SECONDS
        slots.on_free(self._a_slot_is_free)
        self._thread = threading.Thread(target=self._run, name="taker", daemon=True)
        self._thread.start()

    def look(self) -> None:
        """Something is due that was not taken, or somebody died."""
        with self._changed:
            self._is_asked = True
            self._changed.notify()

    def stop(self) -> None:
        """Nothing is driven any more from now on; what a look still takes is left to others."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def join(self) -> None:
        """Wait for its thread, which may be waiting for the store: close that first."""
        self._thread.join()

    def _a_slot_is_free(self) -> None:
        if self._more and not self._is_freed:
            with self._changed:
                self._is_freed = True
                self._changed.notify()

    def _run(self) -> None:
        while self._wait():
            try:
                self._take()
            except Fenced:
                return
            except Error as problem:
                if trouble(problem) is None:
                    log.exception("could not take what is due")
                else:
                    log.warning("could not take what is due", problem=str(problem).strip())
            except Exception:
                # Any exception is caught: without this thread what is due would wait for the sweep.
                log.exception("could not take what is due")
            self._looked_at = time.monotonic()

    def _wait(self) -> bool:
        """Until it is time to look. False: it is closed."""
        with self._changed:
            while not self._closed:
                left = self._seconds_left()
                if left <= 0:
                    self._is_asked = self._is_freed = False
                    self._moments.forget_the_past()
                    return True
                self._changed.wait(left)
        return False

    def _seconds_left(self) -> float:
        """Until the next look."""
        since = time.monotonic() - self._looked_at
        left = min(LOOK_SECONDS, settings.STIGMER_SWEEP_SECONDS) - since
        if (until := self._moments.seconds_left()) is not None:
            left = min(left, until)
        if self._more and self._is_freed:
            left = min(left, REFILL_SECONDS - since)
        return max(self._gap - since, 0.0 if self._is_asked else left)

    def _take(self) -> None:
        taken = self._store.call(self._taken)
        self._more = taken.more
        was_worth_it = len(taken.held) >= MANY * self._slots.count()
        self._gap = GAP_SECONDS if was_worth_it else max(GAP_SECONDS, taken.seconds / SHARE)
        if taken.moment is not None:
            self._moments.expect(taken.moment)
        for execution in taken.alone:
            self._solo.take(execution.pk, execution.owner_id, first=bool(execution.current_step))
        with self._changed:
            if self._closed:
                # Signing off rings for what this process holds.
                return
            for each in taken.held:
                execution, drive = each.execution, partial(self._drive_one, each)
                self._running.take(execution.pk, each.token)
                self._recovering += execution.left_by_id is not None
                self._slots.submit_taken(drive, execution.pk, execution.owner_id)

    def _taken(self) -> Taken:
        """Take a batch, in one transaction."""
        began = time.monotonic()
        seen = self._glanced()
        if self._slots.takes_nothing_new:
            return Taken([], [], more=False, moment=None, seconds=0.0)
        room = self._slots.room()
        due: list[Waiting] = []
        if seen is None or DUE in seen.there:
            # More than are free: some may be of owners that hold all that they may.
            due = waiting.due(2 * room.free + LEAST_FOUND, self._process_id)
        seconds = time.monotonic() - began
        chosen = room.choose(due)
        alone: list[Execution] = []
        if seen is not None and LEFT in seen.there:
            places = RECOVERIES_WAITING * RECOVERIES_AT_ONCE - self._recovering
            due += (left := waiting.left_behind(max(0, min(places, room.free))))
            chosen += room.choose(left)
        if seen is not None and not seen.there.isdisjoint(ALONE):
            alone = to_be_driven_alone(self._solo.room())
        wanted = [each.execution_id for each in chosen]
        held = claim_many(wanted, self._process_id, self._running.walks)
        more = len(chosen) < len(due)
        if more:
            return Taken(held, alone, more, None, seconds)
        moment = waiting.next_moment(LOOK_SECONDS) if seen is None else seen.moment
        return Taken(held, alone, more, moment, seconds)

    def _glanced(self) -> Seen | None:
        """The answers for all threads of this worker, each second; None between that."""
        if time.monotonic() - self._looked_for_all_at < LOOK_SECONDS:
            return None
        self._looked_for_all_at = time.monotonic()
        return self._glance.take()

    def _drive_one(self, held: Held) -> None:
        try:
            self._drive(held)
        finally:
            with self._changed:
                self._recovering -= held.execution.left_by_id is not None
