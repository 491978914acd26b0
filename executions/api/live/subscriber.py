"""One who follows one execution: what was not sent yet, at most ``BUFFER`` updates of it."""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import structlog
from django.contrib.auth.models import User

from executions.accounts.watch import NO_CREDENTIAL, Credential

BUFFER = 100
FORBIDDEN = "forbidden"
RESTARTING = "restarting"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Frame:
    """One message: ``snapshot``, ``update`` or ``end``; ``seq`` is how far it tells the history.

    ``is_partial``: there is more to tell than this message holds.
    """

    event: str
    seq: int
    body: dict[str, Any]
    is_partial: bool = False

    def as_json(self, lost: int = 0) -> dict[str, Any]:
        """``lost`` tells how many updates this subscriber did not get before it."""
        return {"event": self.event, "seq": self.seq, **self.body, **({"lost": lost} if lost else {})}


@dataclass(eq=False, slots=True)
class Subscriber:
    """``name`` is who reads, for the log. The hub puts, the connection takes; putting never waits."""

    name: str
    user: User
    execution_id: uuid.UUID
    still_allowed: Callable[[], bool]
    credential: Credential = NO_CREDENTIAL
    cursor: int = -1
    # What the others are sent meanwhile would come before its own beginning.
    is_caught_up: bool = False
    lost: int = 0
    closed: str = ""
    _frames: deque[Frame] = field(default_factory=deque)
    _ready: asyncio.Event = field(default_factory=asyncio.Event)
    _is_lagging: bool = False

    def put(self, frame: Frame) -> None:
        """Keep a frame that is newer than all before it. Where the buffer is full the oldest one is lost, so that the
        last one always arrives."""
        if frame.seq <= self.cursor and frame.event != "end":
            return
        frame = self._without_what_was_sent(frame)
        self.cursor = max(self.cursor, frame.seq)
        if len(self._frames) >= BUFFER:
            self._frames.popleft()
            self.lost += 1
            if not self._is_lagging:
                self._is_lagging = True
                log.warning("subscriber is too slow, updates are lost", subscriber=self.name, seq=frame.seq)
        self._frames.append(frame)
        self._ready.set()

    def _without_what_was_sent(self, frame: Frame) -> Frame:
        """An update is read for all followers at once, from where the last of them stands."""
        entries = frame.body.get("entries")
        if self.cursor < 0 or not entries:
            return frame
        return replace(frame, body={**frame.body, "entries": [each for each in entries if each["seq"] > self.cursor]})

    def close(self, why: str) -> None:
        """Nothing more will come."""
        self.closed = self.closed or why
        self._ready.set()

    async def take(self, seconds: float) -> tuple[Frame, int] | None:
        """The next frame and how many were lost before it; None where none came in time, or where it is closed."""
        if not self._frames and not self.closed:
            try:
                await asyncio.wait_for(self._ready.wait(), seconds)
            except TimeoutError:
                return None
        if not self._frames:
            return None
        frame, lost = self._frames.popleft(), self.lost
        self.lost = 0
        if not self._frames:
            self._is_lagging = False
            if not self.closed:
                self._ready.clear()
        return frame, lost

    def waiting(self) -> int:
        """How many frames wait."""
        return len(self._frames)
