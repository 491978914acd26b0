"""The socket of an open page. It can subscribe and acknowledge, and nothing else: every action is a form."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

import structlog
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from dashboard.live.follower import Follower
from dashboard.live.hub import hub
from dashboard.live.topics import Topic, parse
from executions.sockets import Close, is_sequence, message_of

MOST_CHARACTERS = 64 * 1024
ACKNOWLEDGE_SECONDS = 60.0
log = structlog.get_logger(__name__)


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Frames: ``dashboard.live.frames``. Close codes: ``executions.sockets``."""

    # The hub hears for all sockets of the process: a channel for each would cost a Redis subscription per page.
    channel_layer_alias = "none"

    async def connect(self) -> None:
        await self.accept()
        user, session = self.scope.get("user"), self.scope.get("session")
        if user is None or not user.is_authenticated or not user.is_active:
            await self.close(Close.SIGNED_OUT)
            return
        if hub().count_of(user.pk) >= settings.STIGMER_SOCKETS_PER_USER:
            await self.close(Close.TOO_MANY)
            return
        self.acknowledged = asyncio.Event()
        self.follower = Follower(user, getattr(session, "session_key", "") or "", self._close)
        self.sender = asyncio.create_task(self._send_for_ever())
        hub().join(self.follower)

    async def disconnect(self, code: int) -> None:
        if not hasattr(self, "follower"):
            return
        hub().leave(self.follower)
        self.sender.cancel()
        with suppress(asyncio.CancelledError):
            await self.sender

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        message = _understood(text_data)
        if message is None or not hasattr(self, "follower"):
            await self.close(Close.NOT_UNDERSTOOD)
            return
        if "ack" in message:
            self.follower.mailbox.unacknowledged = 0
            self.acknowledged.set()
        for name in message.get("unsub", []):
            hub().unsubscribe(self.follower, name)
        wanted = _topics(message.get("sub", {}))
        if (
            len(self.follower.subscriptions.keys() | {topic.name for topic in wanted})
            > settings.STIGMER_TOPICS_PER_SOCKET
        ):
            await self.close(Close.NOT_UNDERSTOOD)
            return
        if wanted:
            await hub().subscribe(self.follower, wanted)

    async def _send_for_ever(self) -> None:
        try:
            await self._empty_the_mailbox()
        except Exception:
            # Open and silent it would pass for live; closed, the page comes back.
            log.exception("a live socket broke off")
            await self._close(Close.BROKE_OFF)

    async def _empty_the_mailbox(self) -> None:
        """Empty the mailbox into the socket, no faster than the page acknowledges: what waits is replaced by newer."""
        mailbox = self.follower.mailbox
        while True:
            await mailbox.ready.wait()
            if not mailbox.is_patient():
                self.acknowledged.clear()
                try:
                    await asyncio.wait_for(self.acknowledged.wait(), ACKNOWLEDGE_SECONDS)
                except TimeoutError:
                    await self.close(Close.TOO_MANY)
                    return
            for frame in mailbox.drain():
                mailbox.unacknowledged += 1
                await self.send(text_data=json.dumps(frame, ensure_ascii=False))

    async def _close(self, code: int) -> None:
        hub().leave(self.follower)
        await self.close(code)


def _understood(text: str | None) -> dict[str, Any] | None:
    """A message of the protocol, or None: there is no other thing that a page may say."""
    message = message_of(text, MOST_CHARACTERS)
    if not message or message.keys() - {"sub", "unsub", "ack"}:
        return None
    sub, unsub = message.get("sub", {}), message.get("unsub", [])
    if not isinstance(sub, dict) or not isinstance(unsub, list) or not isinstance(message.get("ack", {}), dict):
        return None
    return message if all(map(is_sequence, sub.values())) and all(isinstance(name, str) for name in unsub) else None


def _topics(sub: dict[str, int]) -> dict[Topic, int]:
    """The topics asked for; a name that means nothing becomes a topic that nobody may follow."""
    return {parse(name) or Topic(name[:200], "unknown"): max(0, seq) for name, seq in sub.items()}
