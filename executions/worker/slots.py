"""Slots: threads that drive one execution each. A bell is taken only while one is free."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog
from django.db import close_old_connections

log = structlog.get_logger(__name__)


class Slots:
    """``drive`` is called with an execution id in a thread of its own.

    There are a quarter more than ``count``, which are kept: no owner holds more than ``count``, and what waits in the
    last queue takes none of the kept. So a great many executions of one owner do not keep those of others waiting.
    """

    def __init__(self, count: int, drive: Callable[[uuid.UUID], object]) -> None:
        self._share = count
        self._count = count + max(1, count // 4)
        self._drive = drive
        self._changed = threading.Condition()
        self._busy = 0
        self._busy_of: Counter[int | None] = Counter()
        self._pool = ThreadPoolExecutor(self._count, thread_name_prefix="slot")

    def wait_for_free(self, seconds: float) -> bool:
        """Whether a slot is free, waiting at most so long for one."""
        with self._changed:
            return self._changed.wait_for(lambda: self._busy < self._count, seconds)

    def wait_for_unkept(self, seconds: float) -> bool:
        """Whether a slot is free that is not kept, waiting at most so long for one."""
        with self._changed:
            return self._changed.wait_for(lambda: self._busy < self._share, seconds)

    def submit(self, execution_id: uuid.UUID, owner_id: int | None = None) -> bool:
        """Drive it. False: its owner holds all that one may hold."""
        with self._changed:
            if owner_id is not None and self._busy_of[owner_id] >= self._share:
                return False
            self._busy += 1
            self._busy_of[owner_id] += 1
        self._pool.submit(self._run, execution_id, owner_id)
        return True

    def drain(self, seconds: float) -> bool:
        """Wait until every slot is free. False: time is over and some still drive."""
        until = time.monotonic() + seconds
        with self._changed:
            empty = self._changed.wait_for(lambda: self._busy == 0, max(0.0, until - time.monotonic()))
        self._pool.shutdown(wait=False, cancel_futures=True)
        return empty

    def _run(self, execution_id: uuid.UUID, owner_id: int | None) -> None:
        try:
            self._drive(execution_id)
        except Exception:
            # The lease is still held in the database; the pulse sees that no thread drives it and gives it back.
            log.exception("drive ended by an error", execution=str(execution_id))
        finally:
            close_old_connections()
            with self._changed:
                self._busy -= 1
                self._busy_of[owner_id] -= 1
                if not self._busy_of[owner_id]:
                    del self._busy_of[owner_id]
                self._changed.notify_all()
