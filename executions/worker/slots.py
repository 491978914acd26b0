"""Slots: threads that drive one execution each. A bell is taken only while one is free."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog
from django.db import close_old_connections

log = structlog.get_logger(__name__)


class Slots:
    """``drive`` is called with an execution id in a thread of its own."""

    def __init__(self, count: int, drive: Callable[[uuid.UUID], object]) -> None:
        self._count = count
        self._drive = drive
        self._changed = threading.Condition()
        self._busy = 0
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="slot")

    def free_count(self) -> int:
        with self._changed:
            return self._count - self._busy

    def wait_for_free(self, seconds: float) -> bool:
        """Whether a slot is free, waiting at most so long for one."""
        with self._changed:
            return self._changed.wait_for(lambda: self._busy < self._count, seconds)

    def submit(self, execution_id: uuid.UUID) -> None:
        with self._changed:
            self._busy += 1
        self._pool.submit(self._run, execution_id)

    def drain(self, seconds: float) -> bool:
        """Wait until every slot is free. False: time is over and some still drive."""
        until = time.monotonic() + seconds
        with self._changed:
            empty = self._changed.wait_for(lambda: self._busy == 0, max(0.0, until - time.monotonic()))
        self._pool.shutdown(wait=False, cancel_futures=True)
        return empty

    def _run(self, execution_id: uuid.UUID) -> None:
        try:
            self._drive(execution_id)
        except Exception:
            # The lease is still held in the database; the pulse sees that no thread drives it and gives it back.
            log.exception("drive ended by an error", execution=str(execution_id))
        finally:
            close_old_connections()
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()
