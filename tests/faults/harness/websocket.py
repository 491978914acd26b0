"""A WebSocket as light as can be (RFC 6455, text frames only), so that one process can be hundreds
of open pages.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import struct
from contextlib import suppress
from typing import Any

ABNORMAL = 1006
_TEXT, _CLOSE, _PING, _PONG = 0x1, 0x8, 0x9, 0xA
LONGEST_FRAME = 2**26


class Closed(Exception):
    """The connection is gone; ``code`` as a browser would see it (1006 where nobody said why)."""

    def __init__(self, code: int = ABNORMAL) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


class WebSocket:
    """Open with ``await WebSocket.open(…)``; every failure is Closed."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int, path: str, cookie: str) -> WebSocket:
        """Connect on the loopback interface, with the origin that a page of this server has."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=LONGEST_FRAME)
        except OSError as problem:
            raise Closed from problem
        key = base64.b64encode(os.urandom(16)).decode()
        head = [
            f"GET {path} HTTP/1.1",
            f"Host: localhost:{port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
            f"Origin: http://localhost:{port}",
            f"Cookie: {cookie}",
        ]
        made = cls(reader, writer)
        try:
            writer.write(("\r\n".join(head) + "\r\n\r\n").encode())
            answer = await reader.readuntil(b"\r\n\r\n")
        except (OSError, asyncio.IncompleteReadError) as problem:
            await made.drop()
            raise Closed from problem
        if b" 101 " not in answer.split(b"\r\n", 1)[0]:
            await made.drop()
            raise Closed
        return made

    def say(self, message: object) -> None:
        self._write(_TEXT, json.dumps(message).encode())

    async def hear(self) -> dict[str, Any]:
        """The next message. Raises Closed."""
        try:
            while True:
                kind, content = await self._frame()
                if kind == _TEXT:
                    message: dict[str, Any] = json.loads(content)
                    return message
                if kind == _PING:
                    self._write(_PONG, content)
                elif kind == _CLOSE:
                    raise Closed(
                        struct.unpack(">H", content[:2])[0] if len(content) >= 2 else ABNORMAL
                    )
        except (OSError, asyncio.IncompleteReadError) as problem:
            raise Closed from problem

    async def drop(self) -> None:
        """Be gone, without a word."""
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    async def _frame(self) -> tuple[int, bytes]:
        first, second = await self._reader.readexactly(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack(">H", await self._reader.readexactly(2))
        elif length == 127:
            (length,) = struct.unpack(">Q", await self._reader.readexactly(8))
        return first & 0x0F, await self._reader.readexactly(length)

    def _write(self, kind: int, content: bytes, *, fin: bool = True) -> None:
        """One masked frame."""
        length = len(content)
        if length < 126:
            size = struct.pack(">B", 0x80 | length)
        elif length < 65_536:
            size = struct.pack(">BH", 0x80 | 126, length)
        else:
            size = struct.pack(">BQ", 0x80 | 127, length)
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[place & 3] for place, byte in enumerate(content))
        self._writer.write(bytes([0x80 * fin | kind]) + size + mask + masked)
