"""A child process in the hands of one call."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from executions.isolation.errors import (
    ChildCancelled,
    ChildError,
    ChildRaised,
    NoChildFree,
    PoolClosed,
    ResultTooLarge,
)
from executions.isolation.frames import encode
from executions.isolation.process import ChildProcess, Clock
from executions.isolation.visit import Cancellable

Json = Any


@dataclass(frozen=True, slots=True)
class Reply:
    """A call's result, the end of what the child wrote to its standard streams meanwhile, and in
    what the call left the child otherwise than it was: such a child is not used again.
    """

    value: Json
    log: str
    left: tuple[str, ...] = ()


class Seat:
    """A child that is ready, until :meth:`release`.

    ``problem`` is why there is none: the first call raises it.
    """

    def __init__(
        self,
        child: ChildProcess | None,
        problem: ChildError | None,
        give_back: Callable[[ChildProcess, bool], None],
        is_closed: Callable[[], bool],
    ) -> None:
        self._child = child
        self._problem = problem
        self._give_back = give_back
        self._is_closed = is_closed
        self._lock = threading.Lock()
        self._is_over = False
        self._is_cancelled = False
        self._keep = True

    @property
    def pid(self) -> int | None:
        """Of the child; None where there is none."""
        return None if self._child is None else self._child.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def run(
        self,
        operation: str,
        payload: Json,
        *,
        deadline: Clock,
        cancellation: Cancellable | None = None,
    ) -> Reply:
        """The answer of ``target(operation, payload)``.

        Raises a :class:`~executions.isolation.errors.ChildError`, and ValueError or TypeError if
        the payload is not JSON; nothing was run then.
        """
        return self.exchange(
            encode([operation, payload]), deadline=deadline, cancellation=cancellation
        )

    def exchange(
        self, frame: bytes, *, deadline: Clock, cancellation: Cancellable | None = None
    ) -> Reply:
        """The same for a call that is encoded already."""
        if self._problem is not None:
            raise self._problem
        assert self._child is not None
        if cancellation is not None:
            cancellation.on_request(self.cancel)
        if self._is_cancelled:
            raise ChildCancelled("the call was cancelled before it began; nothing was run")
        if deadline.remaining() <= 0:
            raise NoChildFree("the time was over before a child process was ready; nothing was run")
        self._keep = False
        try:
            answer = self._child.exchange(frame, deadline)
        except ChildError as error:
            raise self._explained(error) from None
        left = tuple(answer.get("left", ()))
        self._keep = not left
        return _reply(answer, self._child, left)

    def cancel(self) -> None:
        """End the call that runs; nothing where it is over."""
        with self._lock:
            if not self._is_over:
                self._is_cancelled = True
                if self._child is not None:
                    self._child.kill()

    def release(self) -> None:
        """Give the child back. May be called more than once."""
        with self._lock:
            if self._is_over:
                return
            self._is_over = True
        if self._child is not None:
            self._give_back(self._child, self._keep and not self._is_cancelled)

    def _explained(self, error: ChildError) -> ChildError:
        """A child that we killed ourselves did not die by itself."""
        if self._is_cancelled:
            return ChildCancelled("the call was cancelled and its child process killed", error.log)
        if self._is_closed():
            return PoolClosed(
                "the pool of child processes was closed while the call ran", error.log
            )
        return error


def _reply(answer: dict[str, Any], child: ChildProcess, left: tuple[str, ...]) -> Reply:
    log = child.log()
    if "raised" in answer:
        raise ChildRaised(answer["raised"], log, left)
    if "too_large" in answer:
        allowed = child.max_result_bytes
        raise ResultTooLarge(
            f"the result has {answer['too_large']} bytes; at most {allowed} are allowed", log
        )
    return Reply(answer.get("result"), log, left)
