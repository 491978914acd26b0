"""Slots: threads that drive one execution each. A bell is taken only while one is free."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import structlog
from django.db import close_old_connections

from executions.intake import fairness
from executions.recovery.waiting import Waiting

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Room:
    """The slots of one moment: ``free`` ones, of which the last ``kept`` are for owners that hold
    little.
    """

    share: int
    kept: int
    free: int
    busy_of: Counter[int | None]

    def choose(self, waiting: Sequence[Waiting]) -> list[Waiting]:
        """As many as there is room for; whose owner holds fewest comes first.

        They count as taken from now on.
        """
        chosen = []
        for each in sorted(waiting, key=self._place):
            held = self.busy_of[each.owner_id]
            is_for_others = self.free <= self.kept and held >= fairness.SHARE
            if self.free and held < self.share and not is_for_others:
                self.free -= 1
                self.busy_of[each.owner_id] += 1
                chosen.append(each)
        return chosen

    def _place(self, each: Waiting) -> int:
        return each.turn + self.busy_of[each.owner_id]


class Slots:
    """``drive`` is called with an execution id in a thread of its own.

    There are a quarter more than ``count``, which are kept: no owner holds more than ``count``, and
    what waits in the last queue takes none of the kept. So a great many executions of one owner do
    not keep those of others waiting.
    """

    def __init__(self, count: int, drive: Callable[[uuid.UUID], object]) -> None:
        self._share = count
        self._count = count + max(1, count // 4)
        self._drive = drive
        self._changed = threading.Condition()
        self._busy = 0
        self._takes_nothing_new = False
        self._busy_of: Counter[int | None] = Counter()
        self._on_free: Callable[[], None] = lambda: None
        self._pool = ThreadPoolExecutor(self._count, thread_name_prefix="slot")

    @property
    def takes_nothing_new(self) -> bool:
        """Whether the worker is drained: no slot is free for another run, whatever stands idle."""
        return self._takes_nothing_new

    def take_nothing_new(self, so: bool) -> None:
        """From now on, or no longer. Runs that are driven go on, with further calls of their
        own.
        """
        with self._changed:
            self._takes_nothing_new = so
            self._changed.notify_all()

    def wait_for_free(self, seconds: float) -> bool:
        """Whether a slot is free, waiting at most so long for one."""
        with self._changed:
            return self._changed.wait_for(lambda: self._is_free(self._count), seconds)

    def wait_for_unkept(self, seconds: float) -> bool:
        """Whether a slot is free that is not kept, waiting at most so long for one."""
        with self._changed:
            return self._changed.wait_for(lambda: self._is_free(self._share), seconds)

    def _is_free(self, count: int) -> bool:
        return not self._takes_nothing_new and self._busy < count

    def on_free(self, tell: Callable[[], None]) -> None:
        """``tell`` is called by each thread whose slot has become free."""
        self._on_free = tell

    def count(self) -> int:
        """How many slots there are, those that are kept included."""
        return self._count

    def room(self) -> Room:
        """The free slots of now, and how many each owner holds."""
        with self._changed:
            free = 0 if self._takes_nothing_new else max(0, self._count - self._busy)
            return Room(self._share, self._count - self._share, free, Counter(self._busy_of))

    def has_room_for(self, owner_id: int) -> bool:
        """Whether a slot is free that this owner may hold."""
        with self._changed:
            return self._is_free(self._count) and self._busy_of[owner_id] < self._share

    def submit(self, execution_id: uuid.UUID, owner_id: int | None = None) -> bool:
        """Drive it. False: its owner holds all that one may hold, or nothing new is taken."""
        with self._changed:
            if self._takes_nothing_new:
                return False
            if owner_id is not None and self._busy_of[owner_id] >= self._share:
                return False
            self._count_in(owner_id)
        self._pool.submit(self._run, partial(self._drive, execution_id), execution_id, owner_id)
        return True

    def submit_taken(
        self, drive: Callable[[], object], execution_id: uuid.UUID, owner_id: int
    ) -> None:
        """Drive what this process has taken already, for which there was ``room``."""
        with self._changed:
            self._count_in(owner_id)
        self._pool.submit(self._run, drive, execution_id, owner_id)

    def take(self, owner_id: int) -> bool:
        """Whether a slot is free for a further call of a run that is driven here; it is taken then,
        and given back by ``give``. None of those that are kept.
        """
        with self._changed:
            if self._busy >= self._share or self._busy_of[owner_id] >= self._share:
                return False
            self._count_in(owner_id)
            return True

    def give(self, owner_id: int) -> None:
        """A slot that was taken for a further call is free."""
        with self._changed:
            self._count_out(owner_id)
        self._on_free()

    def _count_in(self, owner_id: int | None) -> None:
        self._busy += 1
        self._busy_of[owner_id] += 1

    def _count_out(self, owner_id: int | None) -> None:
        self._busy -= 1
        self._busy_of[owner_id] -= 1
        if not self._busy_of[owner_id]:
            del self._busy_of[owner_id]
        self._changed.notify_all()

    def drain(self, seconds: float) -> bool:
        """Wait until every slot is free. False: time is over and some still drive."""
        until = time.monotonic() + seconds
        with self._changed:
            empty = self._changed.wait_for(
                lambda: self._busy == 0, max(0.0, until - time.monotonic())
            )
        self._pool.shutdown(wait=False, cancel_futures=True)
        return empty

    def _run(
        self, drive: Callable[[], object], execution_id: uuid.UUID, owner_id: int | None
    ) -> None:
        try:
            drive()
        except Exception:
            # The lease is still held in the database; the pulse sees that no thread drives it and
            # gives it back.
            log.exception("drive ended by an error", execution=str(execution_id))
        finally:
            close_old_connections()
            with self._changed:
                self._count_out(owner_id)
            self._on_free()
