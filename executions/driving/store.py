"""Runs the driver's transactions.

Driving threads wait on the network most of their time and must not hold a database connection each.
A worker process therefore has a few connections for all of them, which they take in turn, in the
order in which they come, and use in their own threads: a hand-over to another thread and back costs
as much as a transaction. On SQLite those that come while the one connection is in use wait for a
writer thread, which carries out all that wait in one COMMIT. Elsewhere (tests, commands) they run
over the calling thread's own connection.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from queue import Empty, SimpleQueue
from typing import Protocol, TypeVar

from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from executions.driving.seats import Seats
from executions.driving.waiting_room import Impatient, Job, WaitingRoom
from executions.errors import Fenced
from executions.models.lock_wait import lock_wait
from executions.models.passing import trouble
from executions.models.transactions import InDoubt, Patience, atomic, run_tx, try_tx

__all__ = ["Here", "Impatient", "Store", "Writers"]
T = TypeVar("T")
# How long a writer waits for a lock while others hold one that was met before: nobody is to queue
# behind it.
CAUTIOUS_SECONDS = 0.1


class Store(Protocol):
    """Runs a function that uses the database, and gives back what it returned or raised."""

    def call(self, work: Callable[[], T]) -> T: ...


class Here:
    """The calling thread's own connection."""

    def call(self, work: Callable[[], T]) -> T:
        return run_tx(work)


class Writers:
    """A few lasting connections, taken in turn.

    With ``batch`` above 1 those that find none free are served by a thread for each connection:
    ``batch`` transactions that wait together share one COMMIT, each in a savepoint of its own: what
    makes SQLite, whose COMMIT is a disk flush under one lock, keep up with many executions. Nobody
    is answered before that COMMIT.

    A transaction that the database does not take now (it is locked, away or full) goes to the
    waiting room by itself, and is written when it can be: if its execution was taken over
    meanwhile, it finds its token stale then. So one row that somebody has locked keeps nobody else
    waiting.
    """

    def __init__(self, count: int, *, batch: int = 1) -> None:
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._batch = batch
        self._changed = threading.Condition()
        self._closed = False
        # Calls that have not got or given back their connection yet.
        self._inside = 0
        self._hurried = threading.Event()
        self._room = WaitingRoom(self._hurried)
        self._seats = Seats(count)
        self._threads = [
            threading.Thread(target=self._serve, name=f"writer-{number}", daemon=True)
            for number in range(count if batch > 1 else 0)
        ]
        for thread in self._threads:
            thread.start()

    def call(self, work: Callable[[], T]) -> T:
        """The result of ``work``, once it is committed; a database in trouble is waited for (see
        :class:`Impatient`).

        Raises :class:`Fenced` once they are closed: this process has given up what it held.
        """
        job: Job = Job(work)
        with self._changed:
            if self._closed:
                raise Fenced
            seat = self._seats.free() if self._queue.empty() else None
            is_left_to_thread = seat is None and self._batch > 1
            if is_left_to_thread:
                self._queue.put(job)
            else:
                self._inside += 1
        if not is_left_to_thread:
            self._carry_out_here(job, seat)
        result: T = job.outcome()
        return result

    def _carry_out_here(self, job: Job, seat: BaseDatabaseWrapper | None) -> None:
        try:
            with self._seats.taken(seat or self._seats.wait()):
                self._carry_out([job])
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def close(self) -> None:
        """Write what waits, then nothing more; a database in trouble is not waited for any
        longer.
        """
        self._hurried.set()
        with self._changed:
            self._closed = True
            for _ in self._threads:
                self._queue.put(None)
            self._changed.wait_for(lambda: self._inside == 0)
        for thread in self._threads:
            thread.join()
        self._seats.close()
        self._room.close()

    def _serve(self) -> None:
        while (first := self._queue.get()) is not None:
            with self._seats.taken(self._seats.wait()):
                self._carry_out([first, *self._more()])

    def _carry_out(self, jobs: list[Job]) -> None:
        """Each is answered, or goes to the waiting room."""
        problem = self._tried(jobs)
        for job in jobs:
            if problem is not None and (len(jobs) > 1 or _passes(problem)):
                self._room.take(job, problem)
            else:
                job.answer(problem)

    def _tried(self, jobs: list[Job]) -> BaseException | None:
        """Carry them out in one transaction; what kept all of them from being written, where
        something did.
        """
        try:
            with lock_wait(CAUTIOUS_SECONDS) if self._room.is_busy() else nullcontext():
                try_tx(lambda: _run_all(jobs), Patience(for_ever=True, stop=self._hurried))
        except BaseException as problem:
            # A connection that saw an error may be broken; the next transaction opens a new one.
            connection.close()
            return problem
        return None

    def _more(self) -> Iterator[Job]:
        """The transactions that wait now, as many as may share a COMMIT with the first."""
        for _ in range(self._batch - 1):
            try:
                job = self._queue.get_nowait()
            except Empty:
                return
            if job is None:
                self._queue.put(None)
                return
            yield job


def _passes(problem: BaseException) -> bool:
    """Whether nothing was written for a reason that passes, so that it may run again."""
    return trouble(problem) is not None and not isinstance(problem, InDoubt)


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
