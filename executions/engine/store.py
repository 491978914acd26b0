"""Where the driver's transactions run.

Driving threads wait on the network most of their time and must not hold a database connection each. A worker process
therefore sends its transactions through a few writer threads, in the order in which they come: fair, and on SQLite far
faster than a hundred threads that fight for one lock. Elsewhere (tests, commands) they run in the calling thread.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, Protocol, TypeVar

import structlog
from django.db import DatabaseError, OperationalError, connection

T = TypeVar("T")
log = structlog.get_logger(__name__)

# Nothing was committed when the database says one of these, so the transaction may simply run again.
_AGAIN = ("database is locked", "deadlock detected", "could not serialize", "database table is locked")
_TRIES = 5


class Store(Protocol):
    """Runs a function that uses the database, and gives back what it returned or raised."""

    def call(self, work: Callable[[], T]) -> T: ...


def run_again_if_refused(work: Callable[[], T]) -> T:
    """Run a transaction; again, a bounded number of times, where the database refused it before any commit."""
    for attempt in range(1, _TRIES + 1):
        try:
            return work()
        except OperationalError as problem:
            refused = any(text in str(problem) for text in _AGAIN)
            if not refused or attempt == _TRIES or connection.in_atomic_block:
                raise
            log.warning("transaction refused, trying again", attempt=attempt, problem=str(problem).strip())
            # Jitter: writers that collided must not collide again in step.
            time.sleep(random.uniform(0.005, 0.05) * attempt)
    raise AssertionError("unreachable")


class Here:
    """The calling thread's own connection."""

    def call(self, work: Callable[[], T]) -> T:
        return run_again_if_refused(work)


class Writers:
    """A few threads, each with one lasting connection, which serve one queue."""

    def __init__(self, count: int) -> None:
        self._queue: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._serve, name=f"writer-{number}", daemon=True) for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def call(self, work: Callable[[], T]) -> T:
        future: Future[T] = Future()
        self._queue.put((work, future))
        return future.result()

    def close(self) -> None:
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        while (item := self._queue.get()) is not None:
            work, future = item
            try:
                future.set_result(run_again_if_refused(work))
            except DatabaseError as problem:
                # A connection that saw an error may be broken; the next transaction opens a new one.
                connection.close()
                future.set_exception(problem)
            except BaseException as problem:
                future.set_exception(problem)
        connection.close()
