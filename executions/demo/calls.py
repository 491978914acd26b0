"""The calls that the shop received lately, for its page."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

KEPT = 60


@dataclass(slots=True)
class Call:
    """One call; ``status`` is None while it is not answered."""

    number: int
    at: str
    operation: str
    method: str
    path: str
    key: str | None
    status: int | None = None
    said: str = "…"


class Calls:
    """The latest calls, newest first; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: deque[Call] = deque(maxlen=KEPT)
        self._count = 0

    def begin(self, operation: str, method: str, path: str, key: str | None) -> Call:
        with self._lock:
            self._count += 1
            call = Call(
                self._count, datetime.now(UTC).isoformat(), operation, method, path[:200], key
            )
            self._calls.appendleft(call)
            return call

    def end(self, call: Call, status: int | None, said: str) -> None:
        with self._lock:
            call.status, call.said = status, said

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()

    def as_json(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(call) for call in self._calls]
