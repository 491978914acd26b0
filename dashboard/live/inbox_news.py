"""New notifications for the open pages of their users."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from dashboard.live import changes, fragments
from dashboard.live.follower import Follower, Subscription
from dashboard.queries import inbox
from executions.models import Notification

Ask = Callable[[Callable[[], Any]], Awaitable[Any]]


class InboxNews:
    """Which users may have news, until it was looked."""

    def __init__(self) -> None:
        self._users: set[int] = set()

    def mark(self, user_id: int) -> None:
        self._users.add(user_id)

    async def send(self, subscriptions: Sequence[tuple[Follower, Subscription]], ask: Ask) -> None:
        """Toasts that a page has not shown, and the badge where its number changed: two queries for all."""
        users, self._users = self._users, set()
        followed = [(follower, each) for follower, each in subscriptions if each.topic.user_id in users]
        if not followed:
            return
        oldest, seq = min(each.cursor for _, each in followed), inbox.now_seq()
        who = {each.topic.user_id for _, each in followed if each.topic.user_id is not None}
        news: list[Notification] = await ask(lambda: inbox.newer(who, oldest))
        unread: dict[int, int] = await ask(lambda: inbox.unread_counts(who))
        for follower, each in followed:
            self._tell(follower, each, seq, news, unread.get(each.topic.user_id or 0, 0))

    def _tell(
        self, follower: Follower, subscription: Subscription, seq: int, news: Sequence[Notification], unread: int
    ) -> None:
        own = [
            row
            for row in news
            if row.user_id == subscription.topic.user_id
            and inbox.seq_of(row) > subscription.cursor - inbox.OVERLAP_MS
            and subscription.tell(row.pk)
        ]
        if own or unread != subscription.unread:
            toasts = [changes.toast(row) for row in own]
            follower.mailbox.put(subscription.topic.name, seq, [fragments.badge_part(unread)], toasts)
        subscription.cursor, subscription.unread = max(seq, subscription.cursor), unread
