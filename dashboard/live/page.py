"""An open page: what changed, as fragments, and what waits: a newer one replaces the older one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth.models import User
from django.utils import translation

from dashboard.live import changes, fragments, frames
from dashboard.live.changes import Changed
from dashboard.live.frames import Change, Part
from executions import policy
from executions.health.gauges import add_sockets
from executions.live.asks import AskNews
from executions.live.closing import Close
from executions.live.cloud_events import CloudEventNews
from executions.live.hints import Hints
from executions.live.hub import Door
from executions.live.inbox import InboxNews
from executions.live.mailbox import Frame, Mailbox
from executions.live.news import ExecutionNews
from executions.live.rights import Credential
from executions.live.streaming import Delta, joined
from executions.live.subscriber import Subscriber, Subscription
from executions.live.topics import Topic, parse
from executions.live.workers import WorkerNews
from executions.models import Notification

MOST_CHARACTERS = 256 * 1024


@dataclass(slots=True)
class _Pending:
    seq: int
    parts: dict[str, Part] = field(default_factory=dict)
    toasts: list[dict[str, Any]] = field(default_factory=list)
    is_reset: bool = False
    # All of it, where one change waits and no other: many pages share its text.
    change: Change | None = None


class Parts(Mailbox):
    """The newest parts of each topic; too many become "read the region again"."""

    MOST_UNACKNOWLEDGED: ClassVar[int] = 60

    def __init__(self) -> None:
        super().__init__()
        self._topics: dict[str, _Pending] = {}
        self._others: dict[str, Frame] = {}
        self._streams: dict[str, Delta] = {}

    def put(
        self,
        topic: str,
        seq: int,
        parts: Sequence[Part] | None,
        toasts: Sequence[dict[str, Any]] = (),
    ) -> None:
        """Parts of a topic at ``seq``; None for "read the region again"."""
        pending = self._topics.setdefault(topic, _Pending(seq))
        pending.change = None
        pending.seq = max(pending.seq, seq)
        pending.toasts.extend(toasts)
        if parts is None:
            pending.is_reset = True
        elif not pending.is_reset:
            for part in parts:
                # Taken out first: a part that is new again keeps its place in the order of arrival.
                pending.parts.pop(part.id, None)
                pending.parts[part.id] = part
            characters = sum(len(part.html) for part in pending.parts.values())
            pending.is_reset = characters > MOST_CHARACTERS
        if pending.is_reset:
            pending.parts.clear()
        self._filled.set()

    def put_change(self, change: Change) -> None:
        """A change that other pages get, too."""
        topic = change["topic"]
        is_only = topic not in self._topics
        self.put(topic, change["seq"], change.told)
        self._topics[topic].change = change if is_only else None

    def say(self, key: str, frame: Frame) -> None:
        """A frame that is no content; a newer one of the same key replaces it."""
        self._others[key] = frame
        self._filled.set()

    def stream(self, topic: str, delta: Delta) -> None:
        """Put the news of an answer; all that waits of it is sent together."""
        self._streams[topic] = joined(self._streams.get(topic), delta)
        self._filled.set()

    def forget(self, topic: str) -> None:
        """Drop all that waits for this topic."""
        self._topics.pop(topic, None)
        self._streams.pop(topic, None)

    def drain(self) -> list[Frame]:
        if self.is_empty():
            return []
        topics, self._topics = self._topics, {}
        others, self._others = self._others, {}
        streams, self._streams = self._streams, {}
        streamed = [frames.stream(topic, delta.as_json()) for topic, delta in streams.items()]
        changed = [_frame(topic, pending) for topic, pending in topics.items()]
        return changed + streamed + list(others.values())

    def is_empty(self) -> bool:
        # All that waits at the end was for other rights, or is read again by the page that comes
        # back.
        waits = self._topics or self._others or self._streams
        return self.closed is not None or not waits


def _frame(topic: str, pending: _Pending) -> Frame:
    if pending.is_reset:
        frame = frames.reset(topic, pending.seq)
        return {**frame, "toasts": pending.toasts} if pending.toasts else frame
    if pending.change is not None:
        return pending.change
    return frames.change(topic, pending.seq, list(pending.parts.values()), pending.toasts)


class Page(Subscriber):
    """The page of one person, let in by a session."""

    mailbox: Parts

    def __init__(self, user: User, session_key: str, language: str = "") -> None:
        super().__init__(user, Credential(user.pk, session_key), Parts(), language=language)

    def tell(self, subscription: Subscription, change: Changed) -> None:
        if change.seq == subscription.cursor:
            return
        # Behind what the page shows: the database was restored meanwhile.
        is_behind = change.seq < subscription.cursor
        topic = subscription.topic
        frame = None if is_behind else changes.frame_of(topic, subscription.standing, change)
        if frame is None:
            self.mailbox.put(topic.name, change.seq, None)
        else:
            self.mailbox.put_change(frame)
        subscription.cursor = change.seq

    def tell_inbox(
        self,
        subscription: Subscription,
        seq: int,
        new: Sequence[Notification],
        unread: int,
    ) -> None:
        with translation.override(self.language or "en"):
            toasts = [changes.toast(row, self.sees_others) for row in new]
            badge = fragments.badge_part(unread)
        self.mailbox.put(subscription.topic.name, seq, [badge], toasts)

    def tell_stream(self, subscription: Subscription, delta: Delta) -> None:
        self.mailbox.stream(subscription.topic.name, delta)

    def accept(self, subscription: Subscription) -> None:
        name = subscription.topic.name
        self.mailbox.say(f"ok {name}", frames.subscribed(name, subscription.cursor))

    def refuse(self, name: str) -> None:
        self.unsubscribe(name)
        self.mailbox.say(f"refused {name}", frames.refused(name))

    def unsubscribe(self, name: str) -> None:
        """The page does not show this topic any more."""
        self.subscriptions.pop(name, None)
        self.mailbox.forget(name)

    def refusal(self, now: policy.Person) -> Close | None:
        """A page offers what its reader's rank allows: with another one it is loaded again."""
        if now != self.person or not now.is_active:
            return Close.SIGNED_OUT
        return None if policy.rank(now) == policy.rank(self.person) else Close.NOT_ALLOWED

    def hint(self, name: str) -> None:
        self.mailbox.say(f"hint {name}", frames.hint(name))

    def beat(self) -> None:
        followed = self.subscriptions.items()
        seqs = {name: each.cursor for name, each in followed if each.topic.execution_id}
        self.mailbox.say("beat", frames.beat(seqs))


door = Door(
    lambda: [
        ExecutionNews(changes.changed),
        InboxNews(),
        AskNews(),
        CloudEventNews(),
        Hints(),
        WorkerNews(),
    ],
    tick_seconds=0.2,
    check_seconds=60.0,
)
add_sockets("dashboard", door.count)


def poll(user: User, cursors: Mapping[str, int]) -> list[Frame]:
    """Frames for a page whose socket is blocked, which asks by plain requests: what came after each
    topic's cursor."""

    async def ask(work: Callable[[], Any]) -> Any:
        return await sync_to_async(work)()

    page = Page(user, "", translation.get_language() or "")
    async_to_sync(door.catch_up)(page, topics_of(cursors), ask)
    return [frame for frame in page.mailbox.drain() if "ok" not in frame]


def topics_of(cursors: Mapping[str, int]) -> dict[Topic, int]:
    """The topics asked for; a name that means nothing becomes a topic that nobody may follow."""
    named = {parse(name) or Topic(name[:200], "unknown"): seq for name, seq in cursors.items()}
    return {topic: max(0, seq) for topic, seq in named.items()}
