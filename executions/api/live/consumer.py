"""Following over a WebSocket: the same frames as JSON messages, acknowledged by ``{"ack": <seq>}``.

The server sends at most ``BUFFER`` frames that were not acknowledged; what comes meanwhile waits, and is lost from the
oldest on. Close codes: 1000 it has ended, 4400 not understood, 4401 not signed in, 4404 nothing here, 1013 too many,
1011 it broke off, come back.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

import structlog
from channels.generic.websocket import AsyncWebsocketConsumer

from executions.api.live import access
from executions.api.live.hub import hub
from executions.api.live.subscriber import BUFFER, Frame, Subscriber

MOST_SOCKETS = 20
MOST_CHARACTERS = 4096
ACKNOWLEDGE_SECONDS = 60.0
BEAT_SECONDS = 15.0
ENDED, NOT_UNDERSTOOD, SIGNED_OUT, NOTHING_HERE, TOO_MANY, BROKE_OFF = 1000, 4400, 4401, 4404, 1013, 1011
log = structlog.get_logger(__name__)


class FollowConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """``/ws/api/v1/{workflow,agent}-executions/<id>/events?after=<seq>``, with a session or a token in the header."""

    channel_layer_alias = "none"

    async def connect(self) -> None:
        await self.accept()
        path = self.scope["url_route"]["kwargs"]
        found = await hub().ask(lambda: access.of_socket(self.scope, path["kind"], path["execution_id"]))
        if isinstance(found, int):
            await self.close(found)
            return
        if hub().count_of(found.user.pk) >= MOST_SOCKETS:
            await self.close(TOO_MANY)
            return
        self.follower: Subscriber = found
        self.unacknowledged = 0
        self.acknowledged = asyncio.Event()
        self.sender = asyncio.create_task(self._send_for_ever(access.after_of(self.scope)))

    async def disconnect(self, code: int) -> None:
        if not hasattr(self, "sender"):
            return
        self.sender.cancel()
        with suppress(asyncio.CancelledError):
            await self.sender

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not hasattr(self, "sender") or not _is_acknowledgement(text_data):
            await self.close(NOT_UNDERSTOOD)
            return
        self.unacknowledged = 0
        self.acknowledged.set()

    async def _send_for_ever(self, after: int | None) -> None:
        await hub().join(self.follower, after)
        try:
            code = await self._follow()
        except Exception:
            # Open and silent it would pass for an execution in which nothing happens.
            log.exception("a follower's socket broke off")
            code = BROKE_OFF
        finally:
            hub().leave(self.follower)
        await self.close(code)

    async def _follow(self) -> int:
        """Send until there is nothing more to say; the code to close with."""
        while True:
            if self.unacknowledged >= BUFFER and not await self._is_acknowledged():
                return TOO_MANY
            taken = await self.follower.take(BEAT_SECONDS)
            if taken is None and self.follower.closed:
                return NOTHING_HERE
            if taken is not None and await self._sent(*taken):
                return ENDED

    async def _is_acknowledged(self) -> bool:
        self.acknowledged.clear()
        try:
            await asyncio.wait_for(self.acknowledged.wait(), ACKNOWLEDGE_SECONDS)
        except TimeoutError:
            return False
        return True

    async def _sent(self, frame: Frame, lost: int) -> bool:
        """Send it; whether it was the last one."""
        self.unacknowledged += 1
        await self.send(text_data=json.dumps(frame.as_json(lost)))
        return frame.event == "end"


def _is_acknowledgement(text: str | None) -> bool:
    if text is None or len(text) > MOST_CHARACTERS:
        return False
    try:
        message: Any = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(message, dict) and message.keys() == {"ack"}
