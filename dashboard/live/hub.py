"""One hub per web process: hears nudges, asks the database once, hands what is new to every socket that follows it.

A nudge is only a hint. It is gathered for ``TICK_SECONDS``; then one batch of queries finds what changed after the
oldest cursor, each fragment is rendered once per role, and every mailbox gets its copy. Every ``RECONCILE_SECONDS`` the
hub compares what it sent with the database, so that a lost nudge, or a Redis that was away, is made good within
seconds. Who may be here is looked at each second, and each session is checked again every ``SESSION_SECONDS``.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

import structlog
from channels.auth import get_user
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import DatabaseError
from django.utils.module_loading import import_string
from redis.exceptions import RedisError

from dashboard.live import changes, frames
from dashboard.live.desk import Desk
from dashboard.live.execution_news import ExecutionNews
from dashboard.live.follower import Follower, Subscription
from dashboard.live.hints import Hints
from dashboard.live.inbox_news import InboxNews
from dashboard.live.topics import EXECUTIONS, INBOX, OVERVIEW, Topic
from executions import broadcast, policy
from executions.accounts.watch import LOOK_SECONDS, Credential, Watch
from executions.events import GROUP
from executions.farewell import at_the_end
from executions.health.gauges import add_sockets
from executions.models.passing import trouble
from executions.sockets import Close

TICK_SECONDS = 0.2
RECONCILE_SECONDS = 3.0
HEARTBEAT_SECONDS = 15.0
SESSION_SECONDS = 60.0
AGAIN_SECONDS = 1.0

log = structlog.get_logger(__name__)


class Hub:
    """All sockets of one event loop."""

    def __init__(self) -> None:
        self._followers: set[Follower] = set()
        self._executions, self._inbox, self._hints = ExecutionNews(), InboxNews(), Hints()
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._desk = Desk()
        self._watch: Watch[Follower] = Watch()

    # --- Sockets ---------------------------------------------------------------------------------------------------

    def join(self, follower: Follower) -> None:
        """A socket opened; the hub starts with the first."""
        self._followers.add(follower)
        broadcast.start()
        if not self._tasks:
            loops = (
                self._listen, self._deliver, self._reconcile, self._beat, self._look, self._check_sessions,
            )  # fmt: skip
            self._tasks = [asyncio.create_task(self._for_ever(loop), name=loop.__name__) for loop in loops]

    def leave(self, follower: Follower) -> None:
        self._followers.discard(follower)

    def count(self) -> int:
        """How many sockets are open."""
        return len(self._followers)

    def count_of(self, user_id: int) -> int:
        """How many sockets this user has open in this process."""
        return sum(follower.user.pk == user_id for follower in self._followers)

    async def subscribe(self, follower: Follower, wanted: Mapping[Topic, int]) -> None:
        """Follow these topics from these sequences. Joined first, asked for permission next, caught up last."""
        for topic, cursor in wanted.items():
            old = follower.subscriptions.get(topic.name)
            follower.subscriptions[topic.name] = Subscription(topic, cursor, None, None, old.told if old else [])
        roles = await self._desk.ask(lambda: changes.permitted(follower.user, wanted))
        follower.sees_everything = await self._desk.ask(lambda: policy.sees_everything(follower.user))
        for topic, cursor in wanted.items():
            subscription = follower.subscriptions.get(topic.name)
            if topic.name not in roles:
                self.unsubscribe(follower, topic.name)
                follower.mailbox.say(f"refused {topic.name}", frames.refused(topic.name))
            elif subscription is not None:
                subscription.role = roles[topic.name]
                follower.mailbox.say(f"ok {topic.name}", frames.subscribed(topic.name, cursor))
                self._mark(topic)

    def unsubscribe(self, follower: Follower, name: str) -> None:
        follower.subscriptions.pop(name, None)
        follower.mailbox.forget(name)

    async def stop(self) -> None:
        """End all tasks and close the hub's database connection."""
        pending, self._tasks = set(self._tasks), []
        while pending:
            for task in pending:
                task.cancel()
            # Again, since a library may swallow a cancellation that meets it while it connects.
            _, pending = await asyncio.wait(pending, timeout=1)
        await self._desk.close()

    # --- Hearing ---------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        layer = get_channel_layer()
        assert layer is not None
        channel = await layer.new_channel("hub.")
        await layer.group_add(GROUP, channel)
        try:
            while True:
                self.hear(await layer.receive(channel))
        finally:
            with suppress(Exception):
                await layer.group_discard(GROUP, channel)

    def hear(self, nudge: Mapping[str, Any]) -> None:
        """Take one nudge; whatever is wrong with it, the database is asked anyway."""
        try:
            execution_id = uuid.UUID(str(nudge.get("execution")))
        except ValueError:
            return
        owner = nudge.get("owner")
        self._executions.mark(execution_id)
        if isinstance(owner, int):
            self._inbox.mark(owner)
        self._hints.tell(self._followers, execution_id, owner if isinstance(owner, int) else None)
        self._wake.set()

    def _mark(self, topic: Topic) -> None:
        if topic.execution_id is not None:
            self._executions.mark(topic.execution_id)
        elif topic.user_id is not None:
            self._inbox.mark(topic.user_id)
        self._wake.set()

    # --- Telling ---------------------------------------------------------------------------------------------------

    async def _deliver(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._executions.send(self._subscriptions(), self._desk.ask)
                await self._inbox.send(self._subscriptions(INBOX), self._desk.ask)
            except DatabaseError:
                # Not forgotten: the reconciliation finds what was not sent.
                log.exception("live changes could not be read")
            await asyncio.sleep(TICK_SECONDS)

    def _subscriptions(self, kind: str | None = None) -> list[tuple[Follower, Subscription]]:
        """What may be told to whom: permitted subscriptions of one kind, or those to executions."""
        return [
            (follower, each)
            for follower in self._followers
            for each in follower.subscriptions.values()
            if each.role is not None
            and (each.topic.kind == kind if kind is not None else each.topic.execution_id is not None)
        ]

    # --- Making good -----------------------------------------------------------------------------------------------

    async def _reconcile(self) -> None:
        while True:
            await asyncio.sleep(RECONCILE_SECONDS)
            if self._followers:
                await self.reconcile()

    async def reconcile(self) -> None:
        """Compare what was sent with what the database says, and mark what differs."""
        await self._executions.compare(self._subscriptions(), self._desk.ask)
        for _, each in self._subscriptions(INBOX):
            if each.topic.user_id is not None:
                self._inbox.mark(each.topic.user_id)
        if self._subscriptions(EXECUTIONS) or self._subscriptions(OVERVIEW):
            for execution_id, owner_id in await self._desk.ask(changes.newest):
                if not self._hints.knows(execution_id):
                    self._hints.tell(self._followers, execution_id, owner_id)
        self._wake.set()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            for follower in self._followers:
                seqs = {name: each.cursor for name, each in follower.subscriptions.items() if each.topic.execution_id}
                follower.mailbox.say("beat", frames.beat(seqs))

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Close the sockets of those whose rights were taken away, or are others than they were."""
        watched = {each: Credential(each.user.pk or 0, each.session_key) for each in self._followers}
        for follower in await self._watch.changed(watched, self._desk.ask):
            await self._ask_again(follower)

    async def _check_sessions(self) -> None:
        while True:
            await asyncio.sleep(SESSION_SECONDS)
            for follower in list(self._followers):
                await self.check_session(follower)

    async def check_session(self, follower: Follower) -> None:
        """Close the socket of a session that has ended; take away what its user may not see any more."""
        if await self._ask_again(follower):
            await self.subscribe(follower, {each.topic: each.cursor for each in follower.subscriptions.values()})

    async def close_all(self, code: int) -> None:
        for follower in list(self._followers):
            await follower.close(code)

    async def _ask_again(self, follower: Follower) -> bool:
        """Whether this socket may stay: the session lives, and its user is what they were."""
        store = import_string(f"{settings.SESSION_ENGINE}.SessionStore")(follower.session_key)
        user = await get_user({"session": store})
        if user.pk != follower.user.pk or not user.is_active:
            await follower.close(Close.SIGNED_OUT)
            return False
        before, now = await self._desk.ask(lambda: (policy.rank(follower.user), policy.rank(user)))
        if before != now:
            await follower.close(Close.NOT_ALLOWED)
            return False
        follower.user = user
        return True

    async def _for_ever(self, loop: Callable[[], Any]) -> None:
        while True:
            try:
                await loop()
            except asyncio.CancelledError:
                raise
            except (RedisError, OSError) as problem:
                # Redis is away: reconciling shows the truth until it is back.
                log.warning("live hub waits for redis", problem=str(problem))
            except Exception as problem:
                if trouble(problem):
                    log.warning("the database is in trouble, the live hub goes on", problem=str(problem).strip())
                else:
                    log.exception("live hub goes on", loop=loop.__name__)
            await asyncio.sleep(AGAIN_SECONDS)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def open_count() -> int:
    """How many pages are open at this process, in all its loops; asked from any thread."""
    return sum(each.count() for each in list(_hubs.values()))


async def _say_farewell() -> None:
    """Close the sockets of all pages in this loop; they come back in a moment, each in its own."""
    await hub().close_all(Close.RESTARTING)


add_sockets("dashboard", open_count)
at_the_end(_say_farewell)


def hub() -> Hub:
    """The hub of the running event loop."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())
