"""The changes of executions, for their followers; other kinds of news have the same form."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils import translation

from executions.live.rights import Ask
from executions.live.subscriber import Subscriber, Subscription
from executions.live.topics import ROW, Topic
from executions.models import Execution
from executions.nudges import Nudge
from executions.policy import Standing

Subscribers = Collection[Subscriber]


class News:
    """The possible news of one kind of topic, until the hub looked.

    ``ask`` runs a query in a thread where that is allowed.
    """

    def hear(self, nudge: Nudge, subscribers: Subscribers) -> None:
        """Take one nudge."""

    def mark(self, topic: Topic) -> None:
        """There may be something new in this topic."""

    async def send(self, subscribers: Subscribers, ask: Ask) -> None:
        """Put what came after each subscription's cursor: a fixed number of queries for all."""

    async def compare(self, subscribers: Subscribers, ask: Ask) -> None:
        """Find what the database holds and no nudge told."""


def followed(
    subscribers: Subscribers, kind: str, users: Collection[int]
) -> list[tuple[Subscriber, Subscription]]:
    """The followers of topics of this kind that belong to one of these users."""
    return [
        (subscriber, each)
        for subscriber in subscribers
        for each in subscriber.subscriptions.values()
        if each.is_ready and each.topic.kind == kind and each.topic.user_id in users
    ]


@dataclass(slots=True)
class Want:
    """The subscriptions to one execution: after which sequence, by those who stand how, and as a
    row by those who read masked values (True) or all (False).
    """

    cursor: int
    standings: set[Standing] = field(default_factory=set)
    rows: set[bool] = field(default_factory=set)


# A door's reading of an execution leads to ``seq``; ``is_partial`` where there is more after it.
Read = Callable[[Mapping[uuid.UUID, Want]], Mapping[uuid.UUID, Any]]


class ExecutionNews(News):
    """``read`` finds what changed in these executions, once for all who follow them in one
    language; it leaves out those in which nothing did."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._dirty: set[uuid.UUID] = set()

    def hear(self, nudge: Nudge, subscribers: Subscribers) -> None:
        self._dirty.add(nudge.execution_id)

    def mark(self, topic: Topic) -> None:
        if topic.execution_id is not None:
            self._dirty.add(topic.execution_id)

    async def send(self, subscribers: Subscribers, ask: Ask) -> None:
        dirty, self._dirty = self._dirty, set()
        followed = [pair for pair in _followed(subscribers) if pair[1].topic.execution_id in dirty]
        for language in sorted({subscriber.language for subscriber, _ in followed}):
            await self._send([pair for pair in followed if pair[0].language == language], ask)

    async def _send(self, followed: list[tuple[Subscriber, Subscription]], ask: Ask) -> None:
        """To those who read one language: what they are told is made once for all of them."""
        language = followed[0][0].language or "en"
        wants = wants_of(each for _, each in followed)

        def read() -> Mapping[uuid.UUID, Any]:
            with translation.override(language):
                return self._read(wants)

        changes = await ask(read)
        for subscriber, each in followed:
            change = changes.get(each.topic.execution_id)
            if change is None:
                continue
            subscriber.tell(each, change)
            if change.is_partial:
                self.mark(each.topic)

    async def compare(self, subscribers: Subscribers, ask: Ask) -> None:
        followed = _followed(subscribers)
        ids = {each.topic.execution_id for _, each in followed}
        heads = await ask(lambda: _heads(ids)) if ids else {}
        for subscriber, each in followed:
            head = heads.get(each.topic.execution_id)
            if head is None:
                subscriber.is_deleted(each.topic.name)
            elif head != each.cursor:
                self.mark(each.topic)


def wants_of(subscriptions: Iterable[Subscription]) -> dict[uuid.UUID, Want]:
    """The reads that these subscriptions need, an execution once for all of its topics."""
    wants: dict[uuid.UUID, Want] = {}
    for each in subscriptions:
        if each.topic.execution_id is None:
            continue
        want = wants.setdefault(each.topic.execution_id, Want(each.cursor))
        want.cursor = min(want.cursor, each.cursor)
        if each.topic.kind == ROW:
            want.rows.add(each.standing.reads_masked)
        else:
            want.standings.add(each.standing)
    return wants


def _followed(subscribers: Subscribers) -> list[tuple[Subscriber, Subscription]]:
    return [
        (subscriber, each)
        for subscriber in subscribers
        for each in subscriber.subscriptions.values()
        if each.is_ready and each.topic.execution_id is not None
    ]


def _heads(ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, int]:
    return dict(Execution.objects.filter(pk__in=list(ids)).values_list("pk", "head_seq"))
