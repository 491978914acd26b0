"""A live WebSocket of any door: let in or closed with a code, sent no more than it acknowledges."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, ClassVar

import structlog
from channels.consumer import get_handler_name
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer

from executions.live.closing import Close
from executions.live.hub import Door
from executions.live.mailbox import Frame
from executions.live.subscriber import Subscriber
from executions.live.texts import TOGETHER, Text, are_taken_together

ACKNOWLEDGE_SECONDS = 60.0
MOST_NUMBER = 2**53
_MOST_LEVELS = 4
log = structlog.get_logger(__name__)


class LiveSocket(AsyncWebsocketConsumer):  # type: ignore[misc]
    """A door says who may come in (``enter``), how many per person (``most``), what its clients may
    say (``hear``), and what a subscriber gets first (``begin``)."""

    door: ClassVar[Door]
    MOST_CHARACTERS: ClassVar[int]
    subscriber: Subscriber | None = None

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[dict[str, Any]]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        """Take one message after the other, from the client alone.

        The hub hears for all sockets of the process: a channel of each would cost a subscription of
        Redis, and Channels would wait for both by a task for each message.
        """
        self.scope, self.base_send = scope, send
        with suppress(StopConsumer):
            while True:
                await self.dispatch(await receive())

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Hand a message to its method. Channels would first look, in the thread of all requests,
        for connections to close; a socket asks the database in the hub's thread, which does so.
        """
        await getattr(self, get_handler_name(message))(message)

    async def enter(self) -> Subscriber | Close:
        """The follower by this socket, or why it is closed."""
        raise NotImplementedError

    def most(self) -> int:
        """How many sockets one person may have open in this process."""
        raise NotImplementedError

    async def hear(self, subscriber: Subscriber, message: dict[str, Any]) -> bool:
        """Do what the client says; whether it was understood."""
        raise NotImplementedError

    async def begin(self, subscriber: Subscriber) -> None:
        """Put what the subscriber is sent first."""

    def text(self, frame: Frame) -> Text:
        """The frame as it travels."""
        return Text(json.dumps(frame, ensure_ascii=False))

    async def connect(self) -> None:
        """Accept the handshake first: only then can a code be sent."""
        await self.accept()
        entered = await self.enter()
        hub = self.door.hub()
        if isinstance(entered, Subscriber) and hub.count_of(entered.person.pk or 0) >= self.most():
            entered = Close.TOO_MANY
        if isinstance(entered, Close):
            await self.close(entered)
            return
        self.subscriber = entered
        hub.join(entered)
        self.sender = asyncio.create_task(self._send_for_ever(entered))

    async def disconnect(self, code: int) -> None:
        """The client is gone, or was closed."""
        if self.subscriber is None:
            return
        self.door.hub().leave(self.subscriber)
        self.sender.cancel()
        with suppress(asyncio.CancelledError):
            await self.sender

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Anything but a message of the protocol closes the socket."""
        message, subscriber = message_of(text_data, self.MOST_CHARACTERS), self.subscriber
        if message is None or subscriber is None or not await self.hear(subscriber, message):
            await self.close(Close.NOT_UNDERSTOOD)

    async def _send_for_ever(self, subscriber: Subscriber) -> None:
        try:
            await self.begin(subscriber)
            code = await self._send_until_closed(subscriber)
        except Exception:
            # Open and silent it would pass for live; closed, the client comes back.
            log.exception("a live socket broke off")
            code = Close.BROKE_OFF
        self.door.hub().leave(subscriber)
        await self.close(code)

    async def _send_until_closed(self, subscriber: Subscriber) -> Close:
        """Empty the mailbox, no faster than the client acknowledges; why it ends."""
        mailbox = subscriber.mailbox
        while not mailbox.is_over():
            if not await mailbox.is_acknowledged(ACKNOWLEDGE_SECONDS):
                return Close.TOO_MANY
            if taken := await mailbox.take():
                mailbox.unacknowledged += len(taken)
                await self._send_together([self.text(frame) for frame in taken])
        return mailbox.closed or Close.ENDED

    async def _send_together(self, texts: Sequence[Text]) -> None:
        if are_taken_together(self.scope):
            await self.base_send({"type": TOGETHER, "texts": texts})
            return
        for each in texts:
            await self.send(text_data=each.text)


def message_of(text: str | None, most_characters: int) -> dict[str, Any] | None:
    """The JSON object in a message, or None: too long, nested too deep, no object, no text."""
    if text is None or len(text) > most_characters or not _is_flat(text):
        return None
    try:
        message: Any = json.loads(text)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None


def is_sequence(value: object) -> bool:
    """Whether this is a number that an execution can stand at."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MOST_NUMBER


def _is_flat(text: str) -> bool:
    """Brackets inside strings count too: no message of a client has so many of them."""
    if text.count("[") + text.count("{") <= _MOST_LEVELS:
        return True
    depth = 0
    for character in text:
        if character in "[{":
            depth += 1
            if depth > _MOST_LEVELS:
                return False
        elif character in "]}":
            depth -= 1
    return True
