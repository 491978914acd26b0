"""New notifications for whoever has their inbox open.

The inbox counts in milliseconds: a notification's id is a UUIDv7 that begins with the moment it was
made. Ids may commit out of order, so whoever resumes after N looks ``OVERLAP_MS`` further back, and
what was told already is left out.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable

from django.db.models import Count, QuerySet

from executions.live.news import News, Subscribers, followed
from executions.live.rights import Ask
from executions.live.topics import INBOX, Topic
from executions.models import Notification
from executions.nudges import Nudge

OVERLAP_MS = 5_000
MOST_AT_ONCE = 20


class InboxNews(News):
    """Which users may have news, until it was looked; two queries for all."""

    def __init__(self) -> None:
        self._users: set[int] = set()

    def hear(self, nudge: Nudge, subscribers: Subscribers) -> None:
        if nudge.owner_id is not None:
            self._users.add(nudge.owner_id)

    def mark(self, topic: Topic) -> None:
        if topic.user_id is not None:
            self._users.add(topic.user_id)

    async def send(self, subscribers: Subscribers, ask: Ask) -> None:
        users, self._users = self._users, set()
        readers = followed(subscribers, INBOX, users)
        if not readers:
            return
        oldest, seq = min(each.cursor for _, each in readers), now_seq()
        ids = {each.topic.user_id for _, each in readers if each.topic.user_id is not None}
        notifications: list[Notification] = await ask(lambda: newer(ids, oldest))
        counts: dict[int, int] = await ask(lambda: unread_counts(ids))
        for subscriber, each in readers:
            unread = counts.get(each.topic.user_id or 0, 0)
            own = [row for row in notifications if row.user_id == each.topic.user_id]
            recent = [row for row in own if seq_of(row) > each.cursor - OVERLAP_MS]
            new = [row for row in recent if each.tell(row.pk)]
            if new or unread != each.unread:
                subscriber.tell_inbox(each, seq, new, unread)
            each.cursor, each.unread = max(seq, each.cursor), unread

    async def compare(self, subscribers: Subscribers, ask: Ask) -> None:
        for subscriber in subscribers:
            for each in subscriber.subscriptions.values():
                self.mark(each.topic)


def now_seq() -> int:
    """The sequence of every inbox now."""
    return time.time_ns() // 1_000_000


def seq_of(notification: Notification) -> int:
    """The sequence of an inbox when this was put into it."""
    return notification.pk.int >> 80


def unread_counts(user_ids: Iterable[int]) -> dict[int, int]:
    """Unread notifications of each of these users; users without any are left out."""
    rows = Notification.objects.unread().filter(user_id__in=list(user_ids)).order_by()
    counted = rows.values("user_id").annotate(many=Count("id"))
    return {row["user_id"]: row["many"] for row in counted}


def newer(user_ids: Iterable[int], seq: int) -> list[Notification]:
    """The newest unread notifications made after ``seq`` (with overlap), oldest first."""
    after = uuid.UUID(int=max(0, seq - OVERLAP_MS) << 80)
    rows = Notification.objects.unread().filter(user_id__in=list(user_ids), id__gt=after)
    return list(reversed(with_events(rows).order_by("-id")[:MOST_AT_ONCE]))


def with_events(rows: QuerySet[Notification]) -> QuerySet[Notification]:
    """These notifications with what is told of their events."""
    return rows.select_related("event", "event__execution", "event__actor").defer(
        "event__execution__input", "event__execution__output", "event__execution__error"
    )
