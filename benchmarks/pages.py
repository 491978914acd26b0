"""Open pages as light as can be, in a process of their own: ``python -m benchmarks.pages`` reads
from its first line of input whom it is to be, as JSON (``Pages``), says ``open`` when all follow
their topics, and at the end of its input what came when.

A moment is taken as the bytes arrive; whatever they mean is looked at a little later, so that one
page does not wait for another's JSON.
"""

from __future__ import annotations

import asyncio
import json
import struct
import sys
import time
from functools import partial
from typing import Any

QUIET_SECONDS = 0.2
ACKNOWLEDGE_EVERY = 10
OPEN_AT_ONCE, OPEN_SECONDS = 50, 120
_TEXT, _CLOSE, _PING, _PONG = 0x1, 0x8, 0x9, 0xA


class Page(asyncio.Protocol):
    """One socket. ``came`` holds for each frame with parts its topic, its sequence and when."""

    def __init__(self, port: int, cookie: str, topics: dict[str, int]) -> None:
        self._hello = (
            "GET /live/ HTTP/1.1\r\n"
            f"Host: localhost:{port}\r\nOrigin: http://localhost:{port}\r\nCookie: {cookie}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        ).encode()
        self._topics = topics
        self._chunks: list[tuple[float, bytes]] = []
        self._buffer = b""
        self._unacknowledged = 0
        self.came: list[tuple[str, int, float]] = []
        self.opened = asyncio.Event()
        self.end = ""

    def connection_made(self, transport: Any) -> None:
        """Say hello, and what to follow once the door is open."""
        self._transport = transport
        transport.write(self._hello)

    def data_received(self, data: bytes) -> None:
        """Only note it, but for the answer to the hello."""
        self._chunks.append((time.time(), data))
        if not self.opened.is_set():
            self._enter()
        elif len(self._chunks) == 1:
            asyncio.get_running_loop().call_later(QUIET_SECONDS, self.look)

    def connection_lost(self, problem: Exception | None) -> None:
        """Keep why the page ended."""
        self.look()
        self.end = self.end or "connection lost"
        self.opened.set()

    def _enter(self) -> None:
        self._buffer += self._chunks.pop()[1]
        head, end, self._buffer = self._buffer.partition(b"\r\n\r\n")
        if not end:
            self._buffer = head
            return
        if b" 101 " not in (status := head.split(b"\r\n", 1)[0]):
            self.end = status.decode(errors="replace")
            self._transport.close()
            return
        self._say({"sub": self._topics})
        self._chunks.append((time.time(), b""))
        asyncio.get_running_loop().call_later(QUIET_SECONDS, self.look)
        self.opened.set()

    def look(self) -> None:
        """Read what arrived, and acknowledge it."""
        chunks, self._chunks = self._chunks, []
        for at, data in chunks:
            self._buffer += data
            while (frame := self._frame()) is not None:
                self._take(*frame, at)

    def _frame(self) -> tuple[int, bytes] | None:
        held, start = self._buffer, 2
        if len(held) < 2:
            return None
        length = held[1] & 0x7F
        for mark, form, size in ((126, ">H", 2), (127, ">Q", 8)):
            if length == mark:
                if len(held) < 2 + size:
                    return None
                (length,), start = struct.unpack_from(form, held, 2), 2 + size
                break
        if len(held) < start + length:
            return None
        self._buffer = held[start + length :]
        return held[0] & 0x0F, held[start : start + length]

    def _take(self, kind: int, content: bytes, at: float) -> None:
        if kind == _CLOSE:
            self.end = f"closed with {int.from_bytes(content[:2])}"
        elif kind == _PING:
            self._write(_PONG, content)
        if kind != _TEXT:
            return
        frame = json.loads(content)
        topic = frame.get("topic", "")
        if "parts" in frame:
            self.came.append((topic, frame["seq"], at))
            self._topics[topic] = max(self._topics.get(topic, 0), frame["seq"])
        self._unacknowledged += 1
        if self._unacknowledged >= ACKNOWLEDGE_EVERY or "beat" in frame:
            self._unacknowledged = 0
            self._say({"ack": {}})

    def _say(self, message: object) -> None:
        self._write(_TEXT, json.dumps(message).encode())

    def _write(self, kind: int, content: bytes) -> None:
        """A frame whose mask is nothing but zeros leaves the content as it is."""
        length = len(content)
        size = bytes([0x80 | length]) if length < 126 else struct.pack(">BH", 0x80 | 126, length)
        self._transport.write(bytes([0x80 | kind]) + size + bytes(4) + content)


def _itself(page: Page) -> Page:
    return page


async def main() -> None:
    asked = json.loads(sys.stdin.readline())
    loop, pages = asyncio.get_running_loop(), list[Page]()
    for first in range(0, len(asked["cookies"]), OPEN_AT_ONCE):
        some = [
            Page(asked["port"], cookie, dict(asked["topics"]))
            for cookie in asked["cookies"][first : first + OPEN_AT_ONCE]
        ]
        for page in some:
            await loop.create_connection(partial(_itself, page), "127.0.0.1", asked["port"])
        for page in some:
            await asyncio.wait_for(page.opened.wait(), OPEN_SECONDS)
        pages += some
    print("open", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    for page in pages:
        page.look()
    ends = [page.end for page in pages if page.end]
    print(json.dumps({"ends": ends, "came": [page.came for page in pages]}))


if __name__ == "__main__":
    asyncio.run(main())
