"""Where the driver's transactions run.

Driving threads wait on the network most of their time and must not hold a database connection each. A worker process
therefore sends its transactions through a few writer threads, in the order in which they come: fair, and on SQLite far
faster than a hundred threads that fight for one lock. Elsewhere (tests, commands) they run in the calling thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, Protocol, TypeVar

from django.db import connection, transaction

from executions.errors import Fenced
from executions.models.passing import trouble
from executions.models.transactions import Patience, atomic, run_tx

T = TypeVar("T")


class Store(Protocol):
    """Runs a function that uses the database, and gives back what it returned or raised."""

    def call(self, work: Callable[[], T]) -> T: ...


class Here:
    """The calling thread's own connection."""

    def call(self, work: Callable[[], T]) -> T:
        return run_tx(work)


class Writers:
    """A few threads, each with one lasting connection, which serve one queue.

    ``batch`` transactions that wait together share one COMMIT, each in a savepoint of its own: what makes SQLite, whose
    COMMIT is a disk flush under one lock, keep up with many executions. Nobody is answered before that COMMIT.

    Where the database is away or full, what waits goes on waiting and is written when it is back: whose execution was
    taken over meanwhile finds its token stale then.
    """

    def __init__(self, count: int, *, batch: int = 1) -> None:
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._batch = batch
        self._closing = threading.Lock()
        self._closed = False
        self._hurried = threading.Event()
        self._threads = [
            threading.Thread(target=self._serve, name=f"writer-{number}", daemon=True) for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def call(self, work: Callable[[], T]) -> T:
        """Raises :class:`Fenced` once they are closed: this process has given up what it held."""
        job: Job = Job(work)
        with self._closing:
            if self._closed:
                raise Fenced
            self._queue.put(job)
        result: T = job.future.result()
        return result

    def close(self) -> None:
        """Write what waits, then nothing more; a database that is away is not waited for any longer."""
        self._hurried.set()
        with self._closing:
            self._closed = True
            for _ in self._threads:
                self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        while (jobs := self._waiting()) is not None:
            try:
                patience = Patience(for_ever=True, stop=self._hurried)
                run_tx(lambda jobs=jobs: _run_all(jobs), patience)  # type: ignore[misc]
            except BaseException as problem:
                for job in jobs:
                    job.result, job.problem = None, problem
                # A connection that saw an error may be broken; the next transaction opens a new one.
                connection.close()
            for job in jobs:
                job.answer()
        connection.close()

    def _waiting(self) -> list[Job] | None:
        """The transactions that wait now, at least one; None when it is time to end."""
        first = self._queue.get()
        if first is None:
            return None
        jobs = [first]
        while len(jobs) < self._batch:
            try:
                job = self._queue.get_nowait()
            except Empty:
                break
            if job is None:
                self._queue.put(None)
                break
            jobs.append(job)
        return jobs


class Job:
    """One transaction that waits for its writer."""

    __slots__ = ("future", "problem", "result", "work")

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work = work
        self.future: Future[Any] = Future()
        self.result: Any = None
        self.problem: BaseException | None = None

    def run(self) -> None:
        self.problem = None
        self.result = self.work()

    def answer(self) -> None:
        if self.problem is not None:
            self.future.set_exception(self.problem)
        else:
            self.future.set_result(self.result)


def _run_all(jobs: list[Job]) -> None:
    if len(jobs) == 1:
        jobs[0].run()
        return
    with atomic():
        for job in jobs:
            try:
                with transaction.atomic():
                    job.run()
            except Exception as problem:
                if trouble(problem):
                    raise
                # Its own savepoint is rolled back; its neighbours stand.
                job.problem = problem
