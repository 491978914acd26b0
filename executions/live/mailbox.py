"""The frames that wait to be sent to one subscriber: bounded, with an end to patience and to the
rest.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from executions.live.closing import Close

Frame = dict[str, Any]


class Mailbox(ABC):
    """The hub puts and never waits; the connection takes, and ends where ``closed`` says why."""

    MOST_UNACKNOWLEDGED: ClassVar[int]

    def __init__(self) -> None:
        self.closed: Close | None = None
        self.unacknowledged = 0
        self._acknowledged = asyncio.Event()
        self._filled = asyncio.Event()

    @abstractmethod
    def drain(self) -> list[Frame]:
        """Take out what may be sent now."""

    @abstractmethod
    def is_empty(self) -> bool:
        """Whether nothing waits to be sent."""

    def close(self, why: Close) -> None:
        """Nothing more will come. The first reason stands."""
        self.closed = self.closed or why
        self._acknowledged.set()
        self._filled.set()

    def is_over(self) -> bool:
        """Whether it was closed, and all that was to be sent before was taken."""
        return self.closed is not None and self.is_empty()

    async def take(self, seconds: float | None = None) -> list[Frame]:
        """The frames that may be sent now; none where none came within ``seconds``, or it is
        closed.
        """
        if self.is_empty() and self.closed is None:
            self._filled.clear()
            try:
                await asyncio.wait_for(self._filled.wait(), seconds)
            except TimeoutError:
                return []
        return self.drain()

    def acknowledge(self) -> None:
        """The client has all that it was sent."""
        self.unacknowledged = 0
        self._acknowledged.set()

    async def is_acknowledged(self, seconds: float) -> bool:
        """Whether the client keeps up with what it is sent; one that does not is waited for."""
        if self.unacknowledged < self.MOST_UNACKNOWLEDGED or self.closed is not None:
            return True
        self._acknowledged.clear()
        try:
            await asyncio.wait_for(self._acknowledged.wait(), seconds)
        except TimeoutError:
            return False
        return True
