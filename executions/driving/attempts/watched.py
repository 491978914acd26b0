"""Foreign code in a thread of this process, under its deadline.

A thread cannot be killed. Past its deadline the attempt has failed all the same: the thread is left
behind, what it gives later is dropped, and a transaction that it shared is taken away from it. How
many were left behind is told with the heartbeat, since only a new process gets rid of them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from queue import SimpleQueue
from typing import Any, ClassVar, NoReturn

import structlog
from django.db import DEFAULT_DB_ALIAS, Error, connection, connections

from executions.calls.context import StepContext
from executions.calls.outcome import Fail, Outcome
from executions.errors import WorkflowError

RULE = "attempt timed out"
log = structlog.get_logger(__name__)
_lock = threading.Lock()
_left_behind: set[str] = set()


class Overrun(Exception):
    """The deadline of an attempt is over and its thread has not come to its end.

    ``outcome`` is how it failed.
    """

    def __init__(self, outcome: Fail) -> None:
        super().__init__(outcome.error.detail)
        self.outcome = outcome


def left_behind() -> int:
    """How many threads of this process run on though their attempts have failed."""
    with _lock:
        return len(_left_behind)


def run(work: Callable[[], Outcome], context: StepContext) -> Outcome:
    """The result of ``work``, or the failure that its deadline makes of it."""
    if context.deadline.is_over():
        return _too_late()
    try:
        return _Watched(work, context).result()
    except Overrun as overrun:
        return overrun.outcome


def run_in_transaction(work: Callable[[], Outcome], context: StepContext) -> Outcome:
    """The same in the transaction that the calling thread holds.

    Raises :class:`Overrun`; it is rolled back then.
    """
    if context.deadline.is_over():
        return _too_late()
    shared: Any = connections[DEFAULT_DB_ALIAS]
    shared.inc_thread_sharing()
    try:
        return _Watched(work, context, shared).result()
    except Overrun as overrun:
        _take_away(shared)
        overrun.outcome = Fail(
            overrun.outcome.error, transient=True, rule=RULE, effect_possible=False
        )
        raise
    finally:
        shared.dec_thread_sharing()


def _too_late() -> Fail:
    error = WorkflowError.standard(
        "timeout", "there was no time left for the attempt; nothing was run"
    )
    return Fail(error, transient=True, rule=RULE, effect_possible=False)


def _take_away(shared: Any) -> None:
    """Roll the transaction back and end its connection, so that nothing of the thread can be
    written any more; the calling thread opens another one.
    """
    raw = shared.connection
    with suppress(Error, *_driver_errors(shared)):
        if shared.vendor == "sqlite":
            raw.rollback()
        raw.close()
    with suppress(Error):
        shared.close()
    del connections[DEFAULT_DB_ALIAS]


def _driver_errors(shared: Any) -> tuple[type[Exception], ...]:
    return (shared.Database.Error,)


class Runner:
    """A thread that runs one call after another: a new one for each would cost as much as the rest
    of a short step.
    """

    _idle: ClassVar[list[Runner]] = []

    def __init__(self) -> None:
        self._calls: SimpleQueue[Callable[[], None]] = SimpleQueue()
        threading.Thread(target=self._serve, name="watched step", daemon=True).start()

    @classmethod
    def take(cls) -> Runner:
        """One that has nothing to do; one that was left behind never has."""
        with _lock:
            return cls._idle.pop() if cls._idle else cls()

    def do(self, call: Callable[[], None]) -> None:
        self._calls.put(call)

    def _serve(self) -> None:
        while True:
            self._calls.get()()
            with _lock:
                self._idle.append(self)


class _Watched:
    """One call in a thread of its own.

    A lock decides which of the two comes first, its end or its deadline.
    """

    def __init__(
        self, work: Callable[[], Outcome], context: StepContext, shared: Any = None
    ) -> None:
        self._work = work
        self._context = context
        self._shared = shared
        self._deciding = threading.Lock()
        # Held until the call has ended.
        self._running = threading.Lock()
        self._running.acquire()
        self._was_abandoned = False
        self._outcome: Outcome | None = None
        self._problem: BaseException | None = None
        self._name = f"{context.execution_id}{context.path}#{context.attempt}"
        self._began = time.monotonic()
        Runner.take().do(partial(copy_context().run, self._run))

    def result(self) -> Outcome:
        """Raises :class:`Overrun`."""
        seconds = min(self._context.deadline.remaining(), threading.TIMEOUT_MAX)
        if not self._running.acquire(timeout=seconds):
            with self._deciding:
                if self._running.locked():
                    self._abandon()
        if self._problem is not None:
            raise self._problem
        assert self._outcome is not None
        return self._outcome

    def _abandon(self) -> NoReturn:
        self._was_abandoned = True
        with _lock:
            _left_behind.add(self._name)
        log.error("a step did not end at its deadline; its thread is left behind", step=self._name)
        detail = (
            f"the attempt did not end within {self._context.deadline.seconds:g} s; its thread"
            " cannot be ended and goes on, and nothing of what it gives is used"
        )
        raise Overrun(Fail(WorkflowError.standard("timeout", detail), transient=True, rule=RULE))

    def _run(self) -> None:
        if self._shared is not None:
            connections[DEFAULT_DB_ALIAS] = self._shared
        try:
            self._outcome = self._work()
        except BaseException as problem:
            self._problem = problem
        finally:
            if self._shared is not None:
                del connections[DEFAULT_DB_ALIAS]
            else:
                connection.close()
            with self._deciding:
                self._running.release()
                was_abandoned = self._was_abandoned
            if was_abandoned:
                with _lock:
                    _left_behind.discard(self._name)
                seconds = round(time.monotonic() - self._began, 1)
                log.warning(
                    "a step that was left behind came to its end", step=self._name, seconds=seconds
                )
