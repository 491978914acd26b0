"""Following over a WebSocket: the same frames as JSON messages, acknowledged by ``{"ack": <seq>}``.

The server sends at most ``BUFFER`` frames that were not acknowledged; what comes meanwhile waits, and is lost from the
oldest on. Close codes: ``executions.sockets``.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

import structlog
from channels.generic.websocket import AsyncWebsocketConsumer

from executions.api.live import access
from executions.api.live.hub import hub
from executions.api.live.subscriber import BUFFER, FORBIDDEN, RESTARTING, Frame, Subscriber
from executions.sockets import Close, message_of

MOST_SOCKETS = 20
MOST_CHARACTERS = 4096
ACKNOWLEDGE_SECONDS = 60.0
BEAT_SECONDS = 15.0
_CODES = {FORBIDDEN: Close.NOT_ALLOWED, RESTARTING: Close.RESTARTING}
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
            await self.close(Close.TOO_MANY)
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
            await self.close(Close.NOT_UNDERSTOOD)
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
            code = Close.BROKE_OFF
        finally:
            hub().leave(self.follower)
        await self.close(code)

    async def _follow(self) -> int:
        """Send until there is nothing more to say; the code to close with."""
        while True:
            if self.unacknowledged >= BUFFER and not await self._is_acknowledged():
                return Close.TOO_MANY
            taken = await self.follower.take(BEAT_SECONDS)
            if taken is None and self.follower.closed:
                return _CODES.get(self.follower.closed, Close.NOTHING_HERE)
            if taken is not None and await self._sent(*taken):
                return Close.ENDED

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
    message = message_of(text, MOST_CHARACTERS)
    return message is not None and message.keys() == {"ack"}
