"""One open page, socket or stream, as the hub knows it; each door has its own kind."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from executions.live.closing import Close
from executions.live.mailbox import Mailbox
from executions.live.rights import Credential
from executions.live.topics import Topic
from executions.models import Notification
from executions.policy import Person, Standing
from executions.streams import Streamed

if TYPE_CHECKING:
    from executions.live.streaming import Delta

MOST_TOLD = 200
NOBODY = Standing()


@dataclass(slots=True)
class Subscription:
    """A topic that is followed. ``cursor`` is the sequence that was sent last.

    Nothing is sent before ``is_ready``: the reader may follow it, and has what came before.
    """

    topic: Topic
    cursor: int
    standing: Standing = NOBODY
    is_ready: bool = False
    unread: int | None = None
    told: list[uuid.UUID] = field(default_factory=list)
    # How far it was sent of which answer that comes.
    streamed: Streamed | None = None

    def tell(self, notification_id: uuid.UUID) -> bool:
        """Whether this notification was not told before; it counts as told from now on."""
        if notification_id in self.told:
            return False
        self.told = [*self.told, notification_id][-MOST_TOLD:]
        return True


@dataclass(eq=False)
class Subscriber:
    """A reader: the credential, the subscriptions, and the frames that wait to be sent.

    The hub calls these methods; they put frames into the mailbox and never wait.
    """

    person: Person
    credential: Credential
    mailbox: Mailbox
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    sees_others: bool = False
    # In which it is told what happens; empty: English.
    language: str = ""

    def tell(self, subscription: Subscription, change: Any) -> None:
        """Put what the door read of an execution that changed, and move the cursor."""
        raise NotImplementedError

    def refuse(self, name: str) -> None:
        """This topic is unknown, or is not for this reader (any more)."""
        raise NotImplementedError

    def refusal(self, now: Person) -> Close | None:
        """Why it has to be closed, where its credential stands for ``now``. Asks the database."""
        raise NotImplementedError

    def accept(self, subscription: Subscription) -> None:
        """The subscription is permitted, and what comes after its cursor will follow."""

    def is_deleted(self, name: str) -> None:
        """The execution of this topic is gone."""

    def tell_inbox(
        self,
        subscription: Subscription,
        seq: int,
        new: Sequence[Notification],
        unread: int,
    ) -> None:
        """Put new notifications, and how many are unread."""

    def tell_stream(self, subscription: Subscription, delta: Delta) -> None:
        """Put what is new of an answer that comes."""

    def hint(self, name: str) -> None:
        """Something in this topic changed."""

    def beat(self) -> None:
        """Say where each subscription stands."""
