"""Answers that come, for whoever follows their executions.

A subscription knows how much of which answer it was sent; so one that begins late, or was cut off,
gets the text so far, and one that is there gets what is new. An answer that begins anew does so at
0.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import redis.asyncio
from django.conf import settings

from executions import streams
from executions.live.rights import Ask
from executions.live.subscriber import Subscriber, Subscription
from executions.live.topics import EXECUTION, Topic
from executions.streams import Streamed


@dataclass(frozen=True, slots=True)
class Delta:
    """The part of an answer that is new to somebody: ``text`` belongs at ``at`` characters of it.
    At 0 it is all that there is, and what was shown of that step before counts no more.
    """

    execution_id: uuid.UUID
    path: str
    attempt: int
    at: int
    text: str
    thinking: int
    tool: str
    arguments: int

    def as_json(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "attempt": self.attempt,
            "at": self.at,
            "text": self.text,
            "thinking": self.thinking,
            "tool": self.tool,
            "arguments": self.arguments,
        }


def joined(waiting: Delta | None, new: Delta) -> Delta:
    """The frame to send where ``waiting`` was not sent yet."""
    if waiting is None or new.at == 0:
        return new
    return Delta(
        new.execution_id,
        new.path,
        new.attempt,
        waiting.at,
        waiting.text + new.text,
        new.thinking,
        new.tool,
        new.arguments,
    )


async def heard() -> AsyncIterator[list[uuid.UUID]]:
    """The executions of which more came, for ever. Raises RedisError."""
    client = redis.asyncio.Redis.from_url(settings.REDIS_URL)
    try:
        async with client.pubsub() as channel:
            await channel.subscribe(streams.CHANNEL)
            async for message in channel.listen():
                if message["type"] == "message":
                    yield _ids(message["data"])
    finally:
        await client.aclose()


def _ids(data: bytes) -> list[uuid.UUID]:
    ids = []
    for line in data.split():
        try:
            ids.append(uuid.UUID(hex=line.decode("ascii")))
        except ValueError:
            continue
    return ids


class Streams:
    """The answers of the executions that are followed here."""

    def __init__(self) -> None:
        self._dirty: set[uuid.UUID] = set()
        self._known: dict[uuid.UUID, Streamed | None] = {}

    def hear(self, executions: Iterable[uuid.UUID]) -> None:
        """More came of these."""
        self._dirty.update(executions)

    def mark(self, topic: Topic) -> None:
        """Somebody follows it from now on."""
        if topic.kind == EXECUTION and topic.execution_id is not None:
            self._dirty.add(topic.execution_id)

    async def send(self, subscribers: Iterable[Subscriber], ask: Ask) -> None:
        """Put what is new to each. Raises RedisError; then it is sent another time."""
        dirty, self._dirty = self._dirty, set()
        following = _following(subscribers)
        self._known = {key: before for key, before in self._known.items() if key in following}
        wanted = {key: self._known.get(key) for key in dirty if key in following}
        if not wanted:
            return
        streamed: Mapping[uuid.UUID, Streamed] = await ask(partial(streams.read, wanted))
        for key, now in streamed.items():
            self._known[key] = now
            for subscriber, each in following[key]:
                # A text that comes in pieces cannot be searched: it is shown when it is there.
                masked = each.standing.reads_masked
                delta = None if masked else delta_of(key, now, each.streamed)
                if delta is not None:
                    each.streamed = now
                    subscriber.tell_stream(each, delta)


def delta_of(key: uuid.UUID, now: Streamed, sent: Streamed | None) -> Delta | None:
    """The part of an answer that is new to a follower who has it up to ``sent``."""
    is_same = now.is_of(sent) and sent is not None and len(now.text) >= len(sent.text)
    if is_same and now == sent:
        return None
    at = len(sent.text) if is_same and sent is not None else 0
    counted = (now.thinking, now.tool, now.arguments)
    return Delta(key, now.path, now.attempt, at, now.text[at:], *counted)


def _following(
    subscribers: Iterable[Subscriber],
) -> dict[uuid.UUID, list[tuple[Subscriber, Subscription]]]:
    followers: dict[uuid.UUID, list[tuple[Subscriber, Subscription]]] = {}
    for subscriber in subscribers:
        for each in subscriber.subscriptions.values():
            if each.is_ready and each.topic.kind == EXECUTION and each.topic.execution_id:
                followers.setdefault(each.topic.execution_id, []).append((subscriber, each))
    return followers
