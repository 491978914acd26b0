"""The questions that wait for a person's answer, and what waits for a second person to agree, for
everybody who has a page open.

A question comes and goes by many ways: asked, answered, escalated, out of time, its run cancelled
or paused. So nobody announces it: the hub looks at what is open, and only where that is something
else than before does it ask what waits for each reader. A page begins at a number that stands for
what it shows; another number means that it has to be read again.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import QuerySet

from executions import policy
from executions.live.news import News, Subscribers, followed
from executions.live.rights import Ask as Asking
from executions.live.topics import ASKS, Topic
from executions.models import Ask, Proposal

MOST_LOOKED_AT = 1_000
MOST_COUNTED = 100


class Waiting(NamedTuple):
    """How many questions and proposals wait, counted to ``MOST_COUNTED``; ``mark`` stands for which
    they are.
    """

    many: int
    mark: int


def waiting(user: User) -> Waiting:
    """The questions and proposals that wait for this person; one query for each kind."""
    rows = _newest(Ask.objects.open().for_person(user), MOST_COUNTED)
    rows += [(row.pk, row.expires_at) for row in policy.proposals_for(user)]
    return Waiting(min(len(rows), MOST_COUNTED), _mark(rows))


class AskNews(News):
    """Which readers may have to be told, until it was looked; a query for all, and one for each."""

    def __init__(self) -> None:
        self._users: set[int] = set()
        self._seen = 0

    def mark(self, topic: Topic) -> None:
        if topic.kind == ASKS and topic.user_id is not None:
            self._users.add(topic.user_id)

    async def send(self, subscribers: Subscribers, ask: Asking) -> None:
        users, self._users = self._users, set()
        readers = followed(subscribers, ASKS, users)
        if not readers:
            return
        ids = {each.topic.user_id for _, each in readers if each.topic.user_id is not None}
        marks: dict[int, int] = await ask(lambda: marks_of(ids))
        for subscriber, each in readers:
            now = marks.get(each.topic.user_id or 0, 0)
            if now != each.cursor:
                subscriber.hint(each.topic.name)
                each.cursor = now

    async def compare(self, subscribers: Subscribers, ask: Asking) -> None:
        every = (each for subscriber in subscribers for each in subscriber.subscriptions.values())
        topics = {each.topic for each in every if each.topic.kind == ASKS}
        if not topics:
            return
        now: int = await ask(lambda: _mark(_every()))
        if now != self._seen:
            for topic in topics:
                self.mark(topic)
            self._seen = now


def marks_of(user_ids: Iterable[int]) -> dict[int, int]:
    """The mark of what waits for each of these people."""
    return {user.pk: waiting(user).mark for user in User.objects.filter(pk__in=list(user_ids))}


def _every() -> list[tuple[Any, ...]]:
    """All that is open, for whomever."""
    asks = _newest(Ask.objects.open(), MOST_LOOKED_AT)
    if settings.STIGMER_TWO_PERSONS:
        asks += _newest(Proposal.objects.open().at_their_place(), MOST_LOOKED_AT)
    return asks


def _newest(rows: QuerySet[Any], most: int) -> list[tuple[Any, ...]]:
    return list(rows.order_by("-id").values_list("pk", "expires_at")[:most])


def _mark(rows: Iterable[tuple[Any, ...]]) -> int:
    return zlib.crc32("".join(f"{pk}{expires_at.isoformat()}" for pk, expires_at in rows).encode())
