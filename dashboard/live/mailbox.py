"""What one socket has not been sent yet. A newer fragment replaces the older one, and there is an end to patience."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from dashboard.live import frames
from dashboard.live.frames import Part

MOST_CHARACTERS = 256 * 1024
MOST_UNACKNOWLEDGED = 60


@dataclass(slots=True)
class _Pending:
    seq: int
    parts: dict[str, Part] = field(default_factory=dict)
    toasts: list[dict[str, Any]] = field(default_factory=list)
    is_reset: bool = False


class Mailbox:
    """Kept by the hub, emptied by the socket's own task."""

    def __init__(self) -> None:
        self.ready = asyncio.Event()
        self.unacknowledged = 0
        self._topics: dict[str, _Pending] = {}
        self._others: dict[str, dict[str, Any]] = {}

    def put(self, topic: str, seq: int, parts: Sequence[Part] | None, toasts: Sequence[dict[str, Any]] = ()) -> None:
        """Parts of a topic at ``seq``; None for "read the region again"."""
        pending = self._topics.setdefault(topic, _Pending(seq))
        pending.seq = max(pending.seq, seq)
        pending.toasts.extend(toasts)
        if parts is None:
            pending.is_reset = True
        elif not pending.is_reset:
            for part in parts:
                # Taken out first, so that a part that is new again keeps its place in the order of arrival.
                pending.parts.pop(part.id, None)
                pending.parts[part.id] = part
            pending.is_reset = sum(len(part.html) for part in pending.parts.values()) > MOST_CHARACTERS
        if pending.is_reset:
            pending.parts.clear()
        self.ready.set()

    def say(self, key: str, frame: dict[str, Any]) -> None:
        """A frame that is no content; a newer one of the same key replaces it."""
        self._others[key] = frame
        self.ready.set()

    def forget(self, topic: str) -> None:
        self._topics.pop(topic, None)

    def drain(self) -> list[dict[str, Any]]:
        """Everything that waits, as frames."""
        self.ready.clear()
        topics, self._topics = self._topics, {}
        others, self._others = self._others, {}
        return [_frame(topic, pending) for topic, pending in topics.items()] + list(others.values())

    def is_patient(self) -> bool:
        """Whether the page still keeps up with what it is sent."""
        return self.unacknowledged < MOST_UNACKNOWLEDGED


def _frame(topic: str, pending: _Pending) -> dict[str, Any]:
    if pending.is_reset:
        frame = frames.reset(topic, pending.seq)
        return {**frame, "toasts": pending.toasts} if pending.toasts else frame
    return frames.change(topic, pending.seq, list(pending.parts.values()), pending.toasts)
