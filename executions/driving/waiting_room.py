"""Transactions that the database does not take now wait here, each by itself, until they are
carried out.

A database that is locked, away or full is waited for without end. A statement that runs into its
own time limit is not, as it may never fit into it: it is tried thrice, then once with a longer
limit, in a thread of its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import structlog
from django.db import connection

from executions.models.lock_wait import lock_wait, statement_time
from executions.models.passing import Trouble, trouble
from executions.models.spell import Spell
from executions.models.transactions import (
    SLOW_TRIES,
    InDoubt,
    Patience,
    pause_after,
    run_tx,
    try_tx,
)

# All that wait are tried within about so long; each waits for a lock between the shortest and the
# longest.
ROUND_SECONDS = 1.0
SHORTEST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.02, 0.5
# A transaction that did not fit into the usual limit gets this once.
ALONE_SECONDS = 60.0
T = TypeVar("T")
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Impatient(Generic[T]):
    """Work that is not worth waiting for longer than ``seconds`` while others lock what it needs:
    nothing is lost where it is not done. The caller gets the OperationalError then.
    """

    work: Callable[[], T]
    seconds: float

    def __call__(self) -> T:
        return self.work()


class Job:
    """One transaction that waits to be carried out, and who waits for its answer."""

    __slots__ = ("_answered", "began", "problem", "result", "work")

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work = work
        self.began = time.monotonic()
        self.result: Any = None
        self.problem: BaseException | None = None
        # A lock that is held until then: it costs a tenth of a Future, and each step waits for one.
        self._answered = threading.Lock()
        self._answered.acquire()

    def run(self) -> None:
        self.problem = None
        self.result = self.work()

    def answer(self, problem: BaseException | None = None) -> None:
        """Let go of who waits: with ``problem``, with what its run raised beside others, or with
        what it gave.
        """
        self.problem = problem or self.problem
        self._answered.release()

    def outcome(self) -> Any:
        """Wait for the answer: what its run gave, or the exception that it met."""
        with self._answered:
            if self.problem is not None:
                raise self.problem
            return self.result

    def gives_up(self, kind_of_trouble: Trouble | None) -> bool:
        """Whether others hold what it needs for longer than it is worth waiting for."""
        if kind_of_trouble is not Trouble.BUSY or not isinstance(self.work, Impatient):
            return False
        return time.monotonic() - self.began > self.work.seconds


class WaitingRoom:
    """A thread that tries what waits again and again.

    ``hurried`` ends all waiting: this process comes to its end.
    """

    def __init__(self, hurried: threading.Event) -> None:
        self._hurried = hurried
        self._changed = threading.Condition()
        self._jobs: list[Job] = []
        self._is_busy = False
        self._closing = False
        self._spell = Spell("writers")
        self._one_slow = threading.Lock()
        self._slow: list[threading.Thread] = []
        self._thread = threading.Thread(target=self._run, name="waiting-room", daemon=True)
        self._thread.start()

    def take(self, job: Job, problem: BaseException) -> None:
        """Try this job by itself from now on; ``problem`` is what it met, alone or in a COMMIT
        shared with others.
        """
        kind_of_trouble = trouble(problem)
        with self._changed:
            self._spell.met(
                problem,
                "the database does not take what is finished: it waits in memory until it does",
            )
            if kind_of_trouble is Trouble.SLOW:
                self._begin_slow(job)
            else:
                self._is_busy = self._is_busy or kind_of_trouble is Trouble.BUSY
                self._jobs.append(job)
            self._changed.notify_all()

    def is_busy(self) -> bool:
        """Whether somebody waits here for what others have locked."""
        return self._is_busy

    def close(self) -> None:
        """Try all once more; then who still waits is answered with what was in the way."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        for thread in self._slow:
            thread.join()

    def _run(self) -> None:
        rounds = 0
        while jobs := self._waiting():
            left = self._went_round(jobs)
            # If one went through, others may as well: look again soon.
            rounds = rounds + 1 if len(left) == len(jobs) else 0
            with self._changed:
                self._jobs = left + self._jobs[len(jobs) :]
                self._is_busy = self._is_busy and bool(self._jobs)
                if not self._jobs:
                    self._spell.over("the database took what waited")
            if left:
                self._hurried.wait(pause_after(rounds))
        connection.close()

    def _waiting(self) -> list[Job]:
        """Those that wait now; none when it is time to end."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._closing)
            return list(self._jobs)

    def _went_round(self, jobs: list[Job]) -> list[Job]:
        """Try each. Those that go on waiting."""
        left: list[Job] = []
        seconds = min(LONGEST_WAIT_SECONDS, max(SHORTEST_WAIT_SECONDS, ROUND_SECONDS / len(jobs)))
        away: BaseException | None = None
        for job in jobs:
            problem = away or self._tried(job, seconds)
            if problem is None:
                continue
            kind_of_trouble = trouble(problem)
            if kind_of_trouble is Trouble.AWAY:
                # It is so for everybody, and each would wait for a connection.
                away = problem
            if self._hurried.is_set() or job.gives_up(kind_of_trouble):
                job.answer(problem)
            elif kind_of_trouble is Trouble.SLOW:
                self._begin_slow(job)
            else:
                left.append(job)
        return left

    def _tried(self, job: Job, seconds: float) -> BaseException | None:
        """Carry it out and answer it; else the trouble that it met."""
        try:
            with lock_wait(seconds):
                try_tx(job.run, Patience(for_ever=True, stop=self._hurried))
        except BaseException as problem:
            if trouble(problem) is not None and not isinstance(problem, InDoubt):
                return problem
            connection.close()
            job.answer(problem)
        else:
            job.answer()
        return None

    def _begin_slow(self, job: Job) -> None:
        thread = threading.Thread(
            target=self._run_slowly, args=(job,), name="slow-writer", daemon=True
        )
        self._slow = [each for each in self._slow if each.is_alive()] + [thread]
        thread.start()

    def _run_slowly(self, job: Job) -> None:
        """The rest of the tries of what ran into its time limit once, one such job at a time."""
        with self._one_slow:
            try:
                self._tried_thrice_then_alone(job)
            except BaseException as problem:
                job.answer(problem)
            else:
                job.answer()
            finally:
                connection.close()

    def _tried_thrice_then_alone(self, job: Job) -> None:
        try:
            run_tx(job.run, Patience(for_ever=True, slow_tries=SLOW_TRIES - 1, stop=self._hurried))
        except Exception as problem:
            if trouble(problem) is not Trouble.SLOW or self._hurried.is_set():
                raise
            log.warning(
                "a transaction does not fit into the time limit of a statement",
                problem=str(problem).strip(),
                once_more_with_seconds=ALONE_SECONDS,
            )
            with statement_time(ALONE_SECONDS):
                run_tx(job.run, Patience(for_ever=True, slow_tries=1, stop=self._hurried))
