"""A follower of one execution by the API, and the updates that wait: at most ``BUFFER`` of them."""

from __future__ import annotations

import uuid
from collections import deque
from dataclasses import replace
from typing import ClassVar

import structlog
from django.contrib.auth.models import User

from executions.api.live import frames
from executions.api.live.frames import Update
from executions.health.gauges import add_sockets
from executions.live.closing import Close
from executions.live.hub import Door
from executions.live.mailbox import Frame, Mailbox
from executions.live.news import ExecutionNews
from executions.live.rights import Credential, permitted
from executions.live.streaming import Delta, joined
from executions.live.subscriber import Subscriber, Subscription
from executions.live.topics import EXECUTION, Topic, execution_topic
from executions.models import ApiToken
from executions.policy import Person

BUFFER = 100
log = structlog.get_logger(__name__)


class Updates(Mailbox):
    """Updates in their order. If the buffer is full the oldest one is lost, so that the last one
    always arrives; ``reader`` names the slow one, for the log.
    """

    MOST_UNACKNOWLEDGED: ClassVar[int] = BUFFER

    def __init__(self, reader: str) -> None:
        super().__init__()
        self._reader = reader
        self._updates: deque[Update] = deque()
        self._delta: Delta | None = None
        self._lost = 0
        self._is_lagging = False

    def put(self, update: Update) -> None:
        """Keep it until it is taken."""
        if self.closed is not None:
            return
        if len(self._updates) >= BUFFER:
            self._updates.popleft()
            self._lost += 1
            if not self._is_lagging:
                self._is_lagging = True
                text = "subscriber is too slow, updates are lost"
                log.warning(text, subscriber=self._reader, seq=update.seq)
        self._updates.append(update)
        self._filled.set()

    def stream(self, delta: Delta) -> None:
        """Take the new part of an answer; parts that wait are sent together."""
        if self.closed is None:
            self._delta = joined(self._delta, delta)
            self._filled.set()

    def drain(self) -> list[Frame]:
        """Updates first: what comes of a turn is told after its beginning was."""
        if not self._updates:
            delta, self._delta = self._delta, None
            return [] if delta is None else [{"event": "delta", **delta.as_json()}]
        frame = self._updates.popleft().as_json(self._lost)
        self._lost = 0
        if frame["event"] == "end":
            self._delta = None
            self.closed = Close.ENDED
        self._is_lagging = self._is_lagging and bool(self._updates)
        return [frame]

    def is_empty(self) -> bool:
        return not self._updates and self._delta is None


class Follower(Subscriber):
    """Follows an execution, let in by a token or a session; that it may see it was checked."""

    mailbox: Updates

    def __init__(
        self,
        user: User,
        token: ApiToken | None,
        session_key: str,
        execution_id: uuid.UUID,
    ) -> None:
        came_with = f"token …{token.last_characters}" if token else "session"
        credential = Credential(user.pk, "" if token else session_key, token.pk if token else None)
        super().__init__(user, credential, Updates(f"{user.username} ({came_with})"))
        topic = Topic(execution_topic(execution_id), EXECUTION, execution_id)
        self.execution_id, self.subscription = execution_id, Subscription(topic, -1)
        self.subscriptions[topic.name] = self.subscription

    async def begin(self, after: int | None) -> None:
        """Put what it is sent first: a snapshot, or what came after the sequence that it has seen.
        It has joined before, so that nothing is lost in between."""
        hub, name = door.hub(), self.subscription.topic.name
        allowed = await hub.ask(lambda: permitted(self.person, [self.subscription.topic]))
        if name not in allowed:
            self.mailbox.close(Close.NOTHING_HERE)
            return
        self.subscription.standing = allowed[name]
        masked = self.subscription.standing.reads_masked
        try:
            updates = await hub.ask(
                lambda: frames.first(self.execution_id, after, reads_masked=masked)
            )
        except LookupError:
            self.mailbox.close(Close.NOTHING_HERE)
            return
        for update in updates:
            self._put(self.subscription, update)
        if not updates and after is not None:
            self.subscription.cursor = after
        self.subscription.is_ready = True
        # Updates that came between joining and this are found by asking once more.
        hub.mark(self.subscription.topic)

    def tell(self, subscription: Subscription, change: Update) -> None:
        masked = subscription.standing.reads_masked
        self._put(subscription, change.for_reader(reads_masked=masked))

    def _put(self, subscription: Subscription, change: Update) -> None:
        """An update is read for all followers at once, from where the last of them stands: each
        gets what is newer than all it has."""
        if change.seq <= subscription.cursor and change.event != "end":
            return
        entries = change.body.get("entries")
        if subscription.cursor >= 0 and entries:
            new = [each for each in entries if each["seq"] > subscription.cursor]
            change = replace(change, body={**change.body, "entries": new})
        subscription.cursor = max(subscription.cursor, change.seq)
        self.mailbox.put(change)

    def tell_stream(self, subscription: Subscription, delta: Delta) -> None:
        self.mailbox.stream(delta)

    def refuse(self, name: str) -> None:
        self.mailbox.close(Close.NOT_ALLOWED)

    def is_deleted(self, name: str) -> None:
        self.mailbox.close(Close.NOTHING_HERE)

    def refusal(self, now: Person) -> Close | None:
        return None if now == self.person else Close.NOT_ALLOWED


door = Door(lambda: [ExecutionNews(frames.since)], tick_seconds=0.1, check_seconds=15.0)
add_sockets("api", door.count)
