"""A call on its way through the pool: its deadlines, and how it can be cancelled."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from executions.isolation.process import Clock


class Cancellable(Protocol):
    """Asks a running call to stop (``executions.calls.context.Cancellation`` is one)."""

    requested: threading.Event

    def on_request(self, stop: Callable[[], None]) -> None: ...


class Seconds:
    """A deadline that begins to count now."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def remaining(self) -> float:
        return max(0.0, self._at - time.monotonic())


class Sooner:
    """The sooner of two deadlines."""

    def __init__(self, one: Clock, other: Clock) -> None:
        self._both = (one, other)

    def remaining(self) -> float:
        return min(clock.remaining() for clock in self._both)
