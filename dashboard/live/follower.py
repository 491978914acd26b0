"""One open page, as the hub knows it."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from dashboard.live.mailbox import Mailbox
from dashboard.live.topics import Topic
from executions.policy import Person
from executions.roles import Role

MOST_TOLD = 200


@dataclass(slots=True)
class Subscription:
    """A topic that a page follows. Nothing is sent before ``role`` is known; ``cursor`` is what was sent last."""

    topic: Topic
    cursor: int
    role: Role | None = None
    unread: int | None = None
    told: list[uuid.UUID] = field(default_factory=list)

    def tell(self, notification_id: uuid.UUID) -> bool:
        """Whether this notification was not told on this page before; it counts as told from now on."""
        if notification_id in self.told:
            return False
        self.told = [*self.told, notification_id][-MOST_TOLD:]
        return True


@dataclass(eq=False, slots=True)
class Follower:
    """A socket: who reads, what is followed, what waits to be sent, and how it is closed (with a code)."""

    user: Person
    session_key: str
    close: Callable[[int], Awaitable[None]]
    mailbox: Mailbox = field(default_factory=Mailbox)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    sees_everything: bool = False
