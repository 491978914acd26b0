"""Clients that follow an execution through the real ASGI application: over SSE and over a
WebSocket.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.testing import WebsocketCommunicator
from django.db import connections

from executions.api.live.follower import door
from executions.live import broadcast
from stigmer_site.asgi import application

PATIENCE_SECONDS = 60.0
T = TypeVar("T")


class Stream:
    """An open event stream. ``events`` gives (event, id, data); comments are passed over."""

    def __init__(self, path: str, **headers: str) -> None:
        given = {"accept": "text/event-stream", "host": "localhost"} | headers
        self._communicator = ApplicationCommunicator(
            application,
            {
                "type": "http",
                "http_version": "1.1",
                "method": "GET",
                "path": f"/api/v1/{path}",
                "raw_path": b"",
                "query_string": b"",
                "scheme": "http",
                "server": ("localhost", 80),
                "client": ("127.0.0.1", 1),
                "headers": [(name.encode(), value.encode()) for name, value in given.items()],
            },
        )
        self.status = 0

    async def open(self) -> None:
        await self._communicator.send_input(
            {"type": "http.request", "body": b"", "more_body": False}
        )
        start = await self._communicator.receive_output(PATIENCE_SECONDS)
        self.status = start["status"]

    async def events(self) -> AsyncIterator[tuple[str, int, dict[str, Any]]]:
        async for block in self._blocks():
            lines = dict(line.split(": ", 1) for line in block.split("\n"))
            if "event" in lines:
                yield lines["event"], int(lines.get("id", 0)), json.loads(lines["data"])

    async def _blocks(self) -> AsyncIterator[str]:
        buffer, more = "", True
        while more:
            message = await self._communicator.receive_output(PATIENCE_SECONDS)
            buffer, more = (
                buffer + message.get("body", b"").decode(),
                message.get("more_body", False),
            )
            while "\n\n" in buffer:
                block, buffer = buffer.split("\n\n", 1)
                yield block

    async def close(self) -> None:
        await self._communicator.send_input({"type": "http.disconnect"})
        await self._communicator.wait(PATIENCE_SECONDS)


@asynccontextmanager
async def stream(path: str, **headers: str) -> AsyncIterator[Stream]:
    opened = Stream(path, **headers)
    await opened.open()
    try:
        yield opened
    finally:
        await opened.close()


def socket(path: str, **headers: str) -> WebsocketCommunicator:
    given = [
        (name.encode(), value.encode()) for name, value in ({"host": "localhost"} | headers).items()
    ]
    return WebsocketCommunicator(application, f"/ws/api/v1/{path}", given)


async def elsewhere(work: Callable[..., T], *args: Any) -> T:
    """Do this in another thread, as a worker would, and leave no connection behind."""

    def work_and_close() -> T:
        try:
            return work(*args)
        finally:
            connections.close_all()

    return await sync_to_async(work_and_close, thread_sensitive=False)()


def run(scenario: Callable[[], Any]) -> None:
    """Play an async scenario to its end, and stop the hub that it started."""

    async def play() -> None:
        try:
            await scenario()
        finally:
            await door.hub().stop()
            broadcast.stop()
            await sync_to_async(connections.close_all)()

    asyncio.run(play())
