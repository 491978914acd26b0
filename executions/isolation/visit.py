"""What a call brings to the pool: its deadlines, and how it can be cancelled while it waits and while it runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from executions.isolation.errors import ChildCancelled
from executions.isolation.process import ChildProcess, Clock


class Cancellable(Protocol):
    """Asks a running call to stop (``executions.steps.context.Cancellation`` is one)."""

    requested: threading.Event

    def on_request(self, stop: Callable[[], None]) -> None: ...


class Seconds:
    """A deadline that begins to count now."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def remaining(self) -> float:
        return max(0.0, self._at - time.monotonic())


class Visit:
    """One call on its way through the pool: what it waits for, and what cancelling it has to stop."""

    def __init__(self) -> None:
        self.turn = threading.Event()
        self.child: ChildProcess | None = None
        self.may_start = False
        self.is_cancelled = False
        self.is_over = False
        self.lock = threading.Lock()

    def refuse_if_cancelled(self) -> None:
        if self.is_cancelled:
            raise ChildCancelled("the call was cancelled before it had a child process; nothing was run")

    def cancel(self) -> None:
        with self.lock:
            if self.is_over:
                return
            self.is_cancelled = True
            if self.child is not None:
                self.child.kill()
        self.turn.set()


class Sooner:
    """The sooner of two deadlines."""

    def __init__(self, one: Clock, other: Clock) -> None:
        self._both = (one, other)

    def remaining(self) -> float:
        return min(clock.remaining() for clock in self._both)
