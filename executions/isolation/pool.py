"""A pool of warm child processes that run foreign code: each call has a deadline, and who overruns it is killed."""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from executions.isolation.errors import (
    ChildCancelled,
    ChildCouldNotStart,
    ChildError,
    ChildRaised,
    NoChildFree,
    PoolClosed,
    ResultTooLarge,
)
from executions.isolation.frames import encode
from executions.isolation.process import ChildProcess, Clock
from executions.isolation.visit import Cancellable, Seconds, Sooner, Visit

Json = Any
_WAIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Reply:
    """A call's result and the end of what the child wrote to its standard streams meanwhile."""

    value: Json
    log: str


class ChildPool:
    """Up to ``size`` children, started when first needed, that answer ``target`` (``"package.module:function"``, a
    function of an operation's name and a JSON payload that returns JSON).

    ``environment`` is all that the children see of it; ``preload`` are modules that they import before their first
    call. ``memory_limit_bytes`` limits the address space of each. A child is replaced after ``calls_per_child`` calls.
    Any number of threads may call; who waits for a child is served in order.
    """

    def __init__(
        self,
        target: str,
        *,
        size: int = 2,
        memory_limit_bytes: int | None = None,
        preload: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        max_result_bytes: int = 4 * 1024 * 1024,
        calls_per_child: int = 10_000,
        start_seconds: float = 30.0,
    ) -> None:
        if size < 1:
            raise ValueError(f"a pool needs at least one child, not {size}")
        self.target = target
        self.size = size
        self._memory_limit_bytes = memory_limit_bytes
        self._preload = tuple(preload)
        self._environment = dict(environment or {})
        self._max_result_bytes = max_result_bytes
        self._calls_per_child = calls_per_child
        self._start_seconds = start_seconds
        self._owner_pid = os.getpid()
        self._lock = threading.Lock()
        self._free: list[ChildProcess] = []
        self._busy: set[ChildProcess] = set()
        self._count = 0
        self._waiting: deque[Visit] = deque()
        self._is_closed = False
        _pools.add(self)

    def call(
        self,
        operation: str,
        payload: Json,
        *,
        deadline: Clock | float,
        cancellation: Cancellable | None = None,
        wait_seconds: float | None = None,
    ) -> Json:
        """The result of ``target(operation, payload)`` in a child; :meth:`run` without the log."""
        return self.run(
            operation, payload, deadline=deadline, cancellation=cancellation, wait_seconds=wait_seconds
        ).value

    def run(
        self,
        operation: str,
        payload: Json,
        *,
        deadline: Clock | float,
        cancellation: Cancellable | None = None,
        wait_seconds: float | None = None,
    ) -> Reply:
        """Call ``target(operation, payload)`` in a child.

        A ``deadline`` object counts everything: waiting for a free child, its start and the call. A number of seconds
        counts the call alone; then ``wait_seconds`` (60 by default) limits the waiting. Raises a
        :class:`~executions.isolation.errors.ChildError`, and ValueError or TypeError if the payload is not JSON.
        """
        frame = encode([operation, payload])
        visit = Visit()
        if cancellation is not None:
            cancellation.on_request(visit.cancel)
        counts_all = not isinstance(deadline, (int, float))
        wait: Clock = (
            deadline
            if not isinstance(deadline, (int, float))
            else Seconds(_WAIT_SECONDS if wait_seconds is None else wait_seconds)
        )
        try:
            child = self._take(visit, wait)
            keep = False
            try:
                if not child.is_ready:
                    limit = Seconds(self._start_seconds)
                    child.wait_until_ready(Sooner(limit, wait) if counts_all else limit)
                clock: Clock = Seconds(deadline) if isinstance(deadline, (int, float)) else deadline
                if clock.remaining() <= 0:
                    keep = True
                    raise NoChildFree("the time was over before a child process was ready; nothing was run")
                answer = child.exchange(frame, clock)
                keep = child.calls < self._calls_per_child and not visit.is_cancelled
            finally:
                self._give_back(visit, child, keep)
        except ChildError as error:
            raise self._explained(error, visit) from None
        return self._reply(answer, child.log())

    def close(self) -> None:
        """Kill all children and refuse further calls; calls that run now end with :class:`PoolClosed`."""
        with self._lock:
            self._is_closed = True
            free, self._free = self._free, []
            busy, waiting = list(self._busy), list(self._waiting)
            self._count -= len(free)
        for child in busy:
            child.kill()
        for visit in waiting:
            visit.turn.set()
        for child in free:
            child.dispose()

    def pids(self) -> list[int]:
        """The process ids of the children that there are now."""
        with self._lock:
            return [child.pid for child in (*self._free, *self._busy)]

    def belongs_to_this_process(self) -> bool:
        """False in a process that was forked from the one that made this pool."""
        return self._owner_pid == os.getpid()

    def _take(self, visit: Visit, wait: Clock) -> ChildProcess:
        visit.refuse_if_cancelled()
        with self._lock:
            self._refuse_if_closed()
            if self._free and not self._waiting:
                visit.child = self._free.pop()
            elif self._count < self.size and not self._waiting:
                self._count += 1
                visit.may_start = True
            else:
                self._waiting.append(visit)
        if visit.child is None and not visit.may_start:
            visit.turn.wait(wait.remaining())
        with self._lock:
            if visit in self._waiting:
                self._waiting.remove(visit)
            child, may_start = visit.child, visit.may_start
            if child is not None and not child.is_alive():
                child.dispose()
                child, visit.child, may_start = None, None, True
            if child is None and not may_start:
                self._refuse_if_closed()
                visit.refuse_if_cancelled()
                raise NoChildFree(f"no child process of {self.size} became free in time; nothing was run")
        if child is None:
            child = self._start()
        with self._lock:
            self._busy.add(child)
            is_closed = self._is_closed
        with visit.lock:
            visit.child = child
            if visit.is_cancelled or is_closed:
                child.kill()
        return child

    def _start(self) -> ChildProcess:
        try:
            return ChildProcess(
                self.target,
                preload=self._preload,
                environment=self._environment,
                memory_limit_bytes=self._memory_limit_bytes,
                max_result_bytes=self._max_result_bytes,
            )
        except OSError as error:
            self._let_next_start()
            raise ChildCouldNotStart(f"the child process could not start: {error}") from None

    def _give_back(self, visit: Visit, child: ChildProcess, keep: bool) -> None:
        with visit.lock:
            visit.is_over = True
            keep = keep and not visit.is_cancelled
        with self._lock:
            self._busy.discard(child)
            keep = keep and not self._is_closed
            if keep:
                if self._waiting:
                    following = self._waiting.popleft()
                    following.child = child
                    following.turn.set()
                else:
                    self._free.append(child)
        if not keep:
            child.dispose()
            self._let_next_start()

    def _let_next_start(self) -> None:
        with self._lock:
            if self._waiting and not self._is_closed:
                following = self._waiting.popleft()
                following.may_start = True
                following.turn.set()
            else:
                self._count -= 1

    def _refuse_if_closed(self) -> None:
        if self._is_closed:
            raise PoolClosed("the pool of child processes is closed")
        if not self.belongs_to_this_process():
            raise PoolClosed("this pool of child processes belongs to the process that this one was forked from")

    def _explained(self, error: ChildError, visit: Visit) -> ChildError:
        """A child that we killed ourselves did not die by itself."""
        if visit.is_cancelled and not isinstance(error, ChildCancelled):
            return ChildCancelled("the call was cancelled and its child process killed", error.log)
        if self._is_closed and not isinstance(error, (ChildCancelled, PoolClosed)):
            return PoolClosed("the pool of child processes was closed while the call ran", error.log)
        return error

    def _reply(self, answer: dict[str, Any], log: str) -> Reply:
        if "raised" in answer:
            raise ChildRaised(answer["raised"], log)
        if "too_large" in answer:
            raise ResultTooLarge(
                f"the result has {answer['too_large']} bytes; at most {self._max_result_bytes} are allowed", log
            )
        return Reply(answer.get("result"), log)


_pools: weakref.WeakSet[ChildPool] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    for pool in list(_pools):
        if pool.belongs_to_this_process():
            pool.close()
