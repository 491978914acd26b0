"""The facts about a call while it runs, for the thread that ends it from outside."""

from __future__ import annotations

import re
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

_HEAD_BYTES = 8_192
_STATUS_LINE = re.compile(rb"HTTP/1\.[0-9] +([0-9]{3})(?=[ \r\n])")
_HEAD_END = re.compile(rb"\r?\n\r?\n")


@dataclass(slots=True)
class Progress:
    """``what`` names the call, ``sent`` says whether a request had begun to leave.

    ``status`` is that of the answer once its status line was heard, whether or not what follows
    can be read; ``headers`` and ``body`` are what was read so far of an answer of an error.
    """

    what: str
    sent: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    _head: bytearray = field(default_factory=bytearray)

    async def trace(self, event: str, _info: dict[str, Any]) -> None:
        """Called by httpcore at each stage: from here on the other side may have acted."""
        if event.endswith("send_request_headers.started"):
            self.sent = True

    def begin(self, what: str) -> None:
        """Another request of the same call begins: after a redirect."""
        self.what = what
        self._head.clear()

    def hear(self, data: bytes) -> None:
        """Take note of what came from the other side."""
        if len(self._head) < _HEAD_BYTES:
            self._head += data[:_HEAD_BYTES]

    @property
    def status(self) -> int | None:
        """The status that the other side said, None where it said none; what only announces it
        (1xx) does not count.
        """
        place = 0
        while match := _STATUS_LINE.match(self._head, place):
            status = int(match[1])
            if not 100 <= status < 200 or status == 101:
                return status
            end = _HEAD_END.search(self._head, place)
            if end is None:
                return None
            place = end.end()
        return None


listening: ContextVar[Progress | None] = ContextVar("listening", default=None)
"""The call that the running task makes: what its connection hears belongs to it."""
