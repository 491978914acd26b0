"""An open page as the server sees it: a socket that speaks the live protocol, through the real ASGI
application.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.db import connections
from django.test import Client

from dashboard.live.page import door
from executions.live import broadcast
from stigmer_site.asgi import application

PATIENCE_SECONDS = 60.0
ORIGIN = settings.STIGMER_ORIGINS[0]
Frame = dict[str, Any]
T = TypeVar("T")


class Page:
    """``closed`` is the close code once the server has closed it."""

    def __init__(self, client: Client | None, origin: str = ORIGIN, path: str = "/live/") -> None:
        headers = [(b"origin", origin.encode()), (b"host", b"localhost")]
        if client is not None:
            cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
            headers.append((b"cookie", f"{settings.SESSION_COOKIE_NAME}={cookie}".encode()))
        self.socket = WebsocketCommunicator(application, path, headers)
        self.closed: int | None = None

    async def open(self) -> bool:
        accepted, code = await self.socket.connect(timeout=PATIENCE_SECONDS)
        self.closed = None if accepted else code
        return bool(accepted)

    async def say(self, message: Any) -> None:
        await self.socket.send_to(
            text_data=message if isinstance(message, str) else json.dumps(message)
        )

    async def follow(self, **topics: int) -> None:
        await self.say({"sub": topics})

    async def hear(self, wanted: Callable[[Frame], Any], what: str) -> Frame:
        """The next frame that is wanted; others are passed over."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                message = await self.socket.receive_output(timeout=PATIENCE_SECONDS)
                if message["type"] == "websocket.close":
                    self.closed = message["code"]
                    raise AssertionError(f"closed with {self.closed} while waiting for {what}")
                frame: Frame = json.loads(message["text"])
                if wanted(frame):
                    return frame

    async def hear_close(self) -> int:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                message = await self.socket.receive_output(timeout=PATIENCE_SECONDS)
                if message["type"] == "websocket.close":
                    code: int = message["code"]
                    return code

    async def leave(self) -> None:
        await self.socket.disconnect()


@asynccontextmanager
async def page(client: Client | None, origin: str = ORIGIN) -> AsyncIterator[Page]:
    opened = Page(client, origin)
    await opened.open()
    try:
        yield opened
    finally:
        await opened.leave()


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
            # The thread in which sockets are authenticated keeps a connection, as a server wants
            # and a test does not.
            await sync_to_async(connections.close_all)()

    asyncio.run(play())
