"""Overview and lists are told that there is something new, if it may concern their reader; the page then asks."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Iterable

from dashboard.live import frames
from dashboard.live.follower import Follower
from dashboard.live.topics import EXECUTIONS, OVERVIEW

MOST_SEEN = 10_000


class Hints:
    """Remembers which executions were seen before: only a new one is news for a list."""

    def __init__(self) -> None:
        self._seen: OrderedDict[uuid.UUID, None] = OrderedDict()

    def knows(self, execution_id: uuid.UUID) -> bool:
        return execution_id in self._seen

    def tell(self, followers: Iterable[Follower], execution_id: uuid.UUID, owner_id: int | None) -> None:
        """Something happened in this execution; without a known owner everybody is told."""
        names = (OVERVIEW,) if self.knows(execution_id) else (OVERVIEW, EXECUTIONS)
        self._seen[execution_id] = None
        while len(self._seen) > MOST_SEEN:
            self._seen.popitem(last=False)
        for follower in followers:
            if not (follower.sees_everything or owner_id is None or owner_id == follower.user.pk):
                continue
            for name in names:
                subscription = follower.subscriptions.get(name)
                if subscription is not None and subscription.role is not None:
                    follower.mailbox.say(f"hint {name}", frames.hint(name))
