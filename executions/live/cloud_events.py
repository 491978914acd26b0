"""Events that came in, for whoever has their page open: hints only, the page reads again.

An event comes, is matched and is taken without a nudge; so the newest are looked at now and then
for each person who follows them.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from django.contrib.auth.models import User

from executions import policy
from executions.live.news import News, Subscribers
from executions.live.rights import Ask
from executions.live.topics import CLOUD_EVENTS

LOOKED_AT = 50


class CloudEventNews(News):
    """A query for each person who has the page open."""

    async def compare(self, subscribers: Subscribers, ask: Ask) -> None:
        readers = [
            (subscriber, each)
            for subscriber in subscribers
            for each in subscriber.subscriptions.values()
            if each.is_ready and each.topic.kind == CLOUD_EVENTS
        ]
        ids = {each.topic.user_id for _, each in readers if each.topic.user_id is not None}
        if not ids:
            return
        marks: dict[int, int] = await ask(lambda: marks_of(ids))
        for subscriber, each in readers:
            now = marks.get(each.topic.user_id or 0, 0)
            if now != each.cursor:
                subscriber.hint(each.topic.name)
                each.cursor = now


def marks_of(user_ids: Iterable[int]) -> dict[int, int]:
    """The stand-ins for the newest events of each of these people, and who took them."""
    return {user.pk: mark_of(user) for user in User.objects.filter(pk__in=list(user_ids))}


def mark_of(user: User) -> int:
    """Another number means that the page has to be read again."""
    rows = policy.visible_events(user).counting_who_heard().defer("body").order_by("-pk")
    said = (f"{row.pk}{row.matched_at}{row.heard};" for row in rows[:LOOKED_AT])
    return zlib.crc32("".join(said).encode())
