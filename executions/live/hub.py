"""The hub: it hears nudges, asks the database once, and hands every subscriber what is new.

A nudge is only a hint. The first after a pause is looked at once, and those of the next tick
together, which grows while there is always more: one batch of queries finds what came after the
oldest cursor, and every mailbox gets its copy. Every ``RECONCILE_SECONDS`` the hub
compares what it sent with the database, so that a lost nudge, or a Redis that was away, is made
good within seconds. Each second it looks who may be here, and every ``check_seconds`` it asks of
each anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar
from weakref import WeakKeyDictionary

import structlog
from asgiref.sync import sync_to_async
from django.db import close_old_connections, connections
from redis.exceptions import RedisError

from executions import policy
from executions.live import broadcast, streaming
from executions.live.closing import Close, at_the_end
from executions.live.news import News
from executions.live.rights import Ask, permitted, standings
from executions.live.streaming import Streams
from executions.live.subscriber import Subscriber, Subscription
from executions.live.topics import Topic
from executions.live.windows import Window
from executions.models.passing import trouble
from executions.nudges import Nudge
from executions.policy import Standing

RECONCILE_SECONDS = 3.0
LOOK_SECONDS = 1.0
BEAT_SECONDS = 15.0
AGAIN_SECONDS = 1.0
STREAM_SECONDS = 0.05
# A run that wakes changes two or three times within a few milliseconds: the tick after the first.
LEAST_TICK_SECONDS = 0.02
T = TypeVar("T")
log = structlog.get_logger(__name__)


class Hub:
    """All subscribers of one event loop; it starts with the first."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._news = door.news()
        self._subscribers: set[Subscriber] = set()
        self._wake = asyncio.Event()
        self._has_delivered = False
        self._tick = Window(LEAST_TICK_SECONDS, door.tick_seconds)
        self._tasks: list[asyncio.Task[None]] = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="live")
        self._streams = Streams()
        self._more = asyncio.Event()
        self._stream_thread = ThreadPoolExecutor(1, thread_name_prefix="streams")
        self._seen: dict[Subscriber, Hashable] = {}

    # --- Who is here ---

    def join(self, subscriber: Subscriber) -> None:
        """A page, socket or stream was opened."""
        self._subscribers.add(subscriber)
        if not self._tasks:
            broadcast.start()
            self._tasks = [
                asyncio.create_task(self._for_ever(step, first, pause), name=step.__name__)
                for step, first, pause in (
                    (self._listen, 0.0, AGAIN_SECONDS),
                    (self._deliver, 0.0, 0.0),
                    (self._listen_to_streams, 0.0, AGAIN_SECONDS),
                    (self._deliver_streams, 0.0, STREAM_SECONDS),
                    (self.reconcile, RECONCILE_SECONDS, RECONCILE_SECONDS),
                    (self._beat, BEAT_SECONDS, BEAT_SECONDS),
                    (self.look, LOOK_SECONDS, LOOK_SECONDS),
                    (self.check, self._door.check_seconds, self._door.check_seconds),
                )
            ]

    def leave(self, subscriber: Subscriber) -> None:
        """It was closed."""
        self._subscribers.discard(subscriber)

    def count(self) -> int:
        """How many are open."""
        return len(self._subscribers)

    def count_of(self, user_id: int) -> int:
        """How many this user has open in this process."""
        return sum(each.person.pk == user_id for each in self._subscribers)

    async def subscribe(self, subscriber: Subscriber, wanted: Mapping[Topic, int]) -> None:
        """Follow these topics from these sequences."""
        await follow(subscriber, wanted, self.ask)
        for topic in wanted:
            self.mark(topic)

    def mark(self, topic: Topic) -> None:
        """Look soon what is new in this topic."""
        for news in self._news:
            news.mark(topic)
        self._streams.mark(topic)
        self._wake.set()
        self._more.set()

    def close_all(self, why: Close) -> None:
        """Nothing more will come for anybody."""
        for each in self._subscribers:
            each.mailbox.close(why)

    async def ask(self, work: Callable[[], T]) -> T:
        """Run a query in the hub's own thread: no request waits for it, nor it for a request."""

        def asked() -> T:
            close_old_connections()
            return work()

        return await sync_to_async(asked, thread_sensitive=False, executor=self._thread)()

    async def stop(self) -> None:
        """End all tasks and close the hub's database connection."""
        pending, self._tasks = set(self._tasks), []
        while pending:
            for task in pending:
                task.cancel()
            # Again, since a library may swallow a cancellation that meets it while it connects.
            _, pending = await asyncio.wait(pending, timeout=1)
        await asyncio.get_running_loop().run_in_executor(self._thread, connections.close_all)
        self._thread.shutdown()
        self._stream_thread.shutdown()

    # --- What goes on for ever ---

    async def _listen(self) -> None:
        async for nudge in broadcast.heard():
            self.hear(nudge)

    def hear(self, nudge: Nudge) -> None:
        """Take one nudge; whatever is wrong with it, the database is asked anyway."""
        for news in self._news:
            news.hear(nudge, self._subscribers)
        self._wake.set()

    async def _deliver(self) -> None:
        if self._has_delivered:
            # Nudges of the tick go together. Those that concern nobody here cost no query, so
            # the next one need not wait.
            await asyncio.sleep(self._tick.take())
        if not self._has_delivered or not self._wake.is_set():
            self._tick.begin_anew()
        self._has_delivered = False
        await self._wake.wait()
        self._wake.clear()
        for news in self._news:
            # If this fails nothing is forgotten: the reconciliation finds what was not sent.
            await news.send(self._subscribers, self._ask_to_deliver)

    async def _ask_to_deliver(self, work: Callable[[], T]) -> T:
        self._has_delivered = True
        return await self.ask(work)

    async def _listen_to_streams(self) -> None:
        async for executions in streaming.heard():
            self._streams.hear(executions)
            self._more.set()

    async def _deliver_streams(self) -> None:
        await self._more.wait()
        self._more.clear()
        await self._streams.send(self._subscribers, self._ask_redis)

    async def _ask_redis(self, work: Callable[[], T]) -> T:
        """In a thread of its own: what comes does not wait for what is rendered."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._stream_thread, work)

    async def reconcile(self) -> None:
        """Compare what was sent with what the database says, and look again at what differs."""
        for news in self._news:
            await news.compare(self._subscribers, self.ask)
        self._wake.set()

    async def _beat(self) -> None:
        for each in self._subscribers:
            each.beat()

    async def look(self) -> None:
        """Ask those again who are new, or whose rights are others than at the last look."""
        looked_at = {each: each.credential for each in self._subscribers}
        worth = await self.ask(lambda: standings(set(looked_at.values()))) if looked_at else {}
        before, self._seen = self._seen, {each: worth[held] for each, held in looked_at.items()}
        for each, standing in self._seen.items():
            if before.get(each) != standing:
                await self.ask_again(each)

    async def check(self) -> None:
        """Ask all again."""
        for each in list(self._subscribers):
            await self.ask_again(each)

    async def ask_again(self, subscriber: Subscriber) -> None:
        """Close what may not stay open; refuse the topics that its reader may not see any more."""

        topics = [each.topic for each in subscriber.subscriptions.values()]

        def asked() -> tuple[policy.Person, Close | None, dict[str, Standing]]:
            person = subscriber.credential.person()
            return person, subscriber.refusal(person), permitted(person, topics)

        person, why, roles = await self.ask(asked)
        if why is not None:
            subscriber.mailbox.close(why)
            return
        subscriber.person = person
        for name in [topic.name for topic in topics if topic.name in subscriber.subscriptions]:
            if name in roles:
                subscriber.subscriptions[name].standing = roles[name]
            else:
                subscriber.refuse(name)

    async def _for_ever(
        self,
        step: Callable[[], Awaitable[None]],
        first_seconds: float,
        pause_seconds: float,
    ) -> None:
        """Take this step again and again, whatever fails."""
        await asyncio.sleep(first_seconds)
        while True:
            try:
                await step()
            except (RedisError, OSError) as problem:
                # Redis is away: reconciling shows the truth until it is back.
                log.warning("live hub waits for redis", problem=str(problem))
            except Exception as problem:
                if trouble(problem):
                    text = str(problem).strip()
                    log.warning("the database is in trouble, the live hub goes on", problem=text)
                else:
                    log.exception("live hub goes on", step=step.__name__)
            await asyncio.sleep(pause_seconds)


async def follow(subscriber: Subscriber, wanted: Mapping[Topic, int], ask: Ask) -> None:
    """First followed, then permitted, then looked at: nothing that happens between is missed."""
    for topic, cursor in wanted.items():
        old = subscriber.subscriptions.get(topic.name)
        events_told = old.told if old else []
        subscriber.subscriptions[topic.name] = Subscription(topic, cursor, told=events_told)
    roles = await ask(lambda: permitted(subscriber.person, wanted))
    subscriber.sees_others = await ask(lambda: policy.sees_others(subscriber.person))
    for topic in wanted:
        subscription = subscriber.subscriptions.get(topic.name)
        if topic.name not in roles:
            subscriber.refuse(topic.name)
        elif subscription is not None:
            subscription.standing, subscription.is_ready = roles[topic.name], True
            subscriber.accept(subscription)


@dataclass(eq=False)
class Door:
    """The followers by this door. ``news`` makes what is followed; the seconds say for how long it
    is gathered at most and how often each is asked again whether they may stay.
    """

    news: Callable[[], Sequence[News]]
    tick_seconds: float
    check_seconds: float
    _hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = field(
        default_factory=WeakKeyDictionary,
        init=False,
    )

    def __post_init__(self) -> None:
        at_the_end(lambda why: self.hub().close_all(why))

    def hub(self) -> Hub:
        """The hub of the running event loop."""
        return self._hubs.setdefault(asyncio.get_running_loop(), Hub(self))

    def count(self) -> int:
        """How many are open at this process, in all its loops; asked from any thread."""
        return sum(each.count() for each in list(self._hubs.values()))

    async def catch_up(self, subscriber: Subscriber, wanted: Mapping[Topic, int], ask: Ask) -> None:
        """Put what came after these sequences, for one who asks by plain requests."""
        await follow(subscriber, wanted, ask)
        for news in self.news():
            for topic in wanted:
                news.mark(topic)
            await news.send([subscriber], ask)
        streams = Streams()
        for topic in wanted:
            streams.mark(topic)
        try:
            await streams.send([subscriber], ask)
        except RedisError as problem:
            log.warning("answers are not shown while they come", problem=str(problem))
