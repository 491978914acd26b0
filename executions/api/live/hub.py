"""One hub per web process: hears nudges, asks the database once per tick, hands each follower what is new."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from weakref import WeakKeyDictionary

import structlog
from asgiref.sync import sync_to_async
from django.db import close_old_connections, connections

from executions import broadcast
from executions.accounts.watch import LOOK_SECONDS, Watch
from executions.api.live import changes
from executions.api.live.subscriber import FORBIDDEN, RESTARTING, Subscriber
from executions.farewell import at_the_end
from executions.health.gauges import add_sockets
from executions.models.passing import trouble
from executions.nudges import Nudge, nudges

TICK_SECONDS = 0.1
RECONCILE_SECONDS = 3.0
CHECK_SECONDS = 15.0
AGAIN_SECONDS = 1.0
T = TypeVar("T")
log = structlog.get_logger(__name__)


class Hub:
    """All followers of one event loop. It starts with the first and stops with the last."""

    def __init__(self) -> None:
        self._followers: dict[uuid.UUID, set[Subscriber]] = {}
        self._cursors: dict[uuid.UUID, int] = {}
        self._dirty: set[uuid.UUID] = set()
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._watch: Watch[Subscriber] = Watch()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="api-live")

    def count(self, execution_id: uuid.UUID | None = None) -> int:
        """How many follow this execution, or any."""
        if execution_id is not None:
            return len(self._followers.get(execution_id, ()))
        return sum(len(each) for each in list(self._followers.values()))

    def count_of(self, user_id: int) -> int:
        """How many followers this user has in this process."""
        return sum(each.user.pk == user_id for group in self._followers.values() for each in group)

    async def join(self, follower: Subscriber, after: int | None) -> None:
        """Follow. It joins first and is caught up then, so that nothing is lost in between: with a snapshot, or from
        the sequence ``after`` on."""
        self._followers.setdefault(follower.execution_id, set()).add(follower)
        self._start()
        key = follower.execution_id
        try:
            frame = await self.ask(lambda: changes.first(key, after))
        except LookupError:
            follower.close("deleted")
            return
        if frame is not None:
            follower.put(frame)
            if frame.event == "snapshot" and frame.body["ended"]:
                follower.put(changes.ending(frame))
        elif after is not None:
            follower.cursor = after
        follower.is_caught_up = True
        # What came between joining and this is found by asking once more.
        self._cursors[key] = min(self._cursors.get(key, follower.cursor), follower.cursor)
        self.mark(key)

    def leave(self, follower: Subscriber) -> None:
        group = self._followers.get(follower.execution_id, set())
        group.discard(follower)
        if not group:
            self._followers.pop(follower.execution_id, None)
            self._cursors.pop(follower.execution_id, None)
        if not self._followers:
            self._stop()

    def hear(self, nudge: Nudge) -> None:
        if nudge.execution_id in self._followers:
            self.mark(nudge.execution_id)

    def mark(self, execution_id: uuid.UUID) -> None:
        self._dirty.add(execution_id)
        self._wake.set()

    async def ask(self, work: Callable[[], T]) -> T:
        """Run a query in the hub's own thread, so that it never waits behind a request."""

        def asked() -> T:
            close_old_connections()
            return work()

        return await sync_to_async(asked, thread_sensitive=False, executor=self._thread)()

    async def stop(self) -> None:
        """End all tasks and close the hub's database connection."""
        self._stop()
        await nudges().stop()
        await asyncio.get_running_loop().run_in_executor(self._thread, connections.close_all)
        self._thread.shutdown()

    def _start(self) -> None:
        if not self._tasks:
            broadcast.start()
            nudges().hear(self.hear)
            loops = (self._deliver, self._reconcile, self._look, self._check)
            self._tasks = [asyncio.create_task(self._for_ever(loop), name=loop.__name__) for loop in loops]

    def _stop(self) -> None:
        nudges().forget(self.hear)
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()

    async def _deliver(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            dirty, self._dirty = self._dirty, set()
            # Who is still being caught up has no cursor yet, and asks once more when it has.
            cursors = {key: self._cursors[key] for key in dirty if key in self._cursors}
            if cursors:
                await self._send(cursors)
            await asyncio.sleep(TICK_SECONDS)

    async def _send(self, cursors: dict[uuid.UUID, int]) -> None:
        for key, frame in (await self.ask(lambda: changes.since(cursors))).items():
            self._cursors[key] = max(self._cursors.get(key, 0), frame.seq)
            for follower in self._followers.get(key, set()):
                if follower.is_caught_up:
                    follower.put(frame)
            if frame.is_partial:
                self.mark(key)

    async def _reconcile(self) -> None:
        """A lost nudge, or a Redis that was away, is made good here."""
        while True:
            await asyncio.sleep(RECONCILE_SECONDS)
            await self.reconcile()

    async def reconcile(self) -> None:
        """Compare what was sent with the database; who follows what was deleted is told so."""
        followed = list(self._followers)
        heads = await self.ask(lambda: changes.heads(followed))
        for key in followed:
            if key not in heads:
                for follower in self._followers.get(key, set()):
                    follower.close("deleted")
            elif heads[key] > self._cursors.get(key, 0):
                self.mark(key)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Close the followers whose rights were taken away."""
        watched = {each: each.credential for each in self._all()}
        for follower in await self._watch.changed(watched, self.ask):
            await self._ask_again(follower)

    async def _check(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            await self.check()

    async def check(self) -> None:
        """Close the followers who may not see it any more."""
        for follower in self._all():
            await self._ask_again(follower)

    async def _ask_again(self, follower: Subscriber) -> None:
        if not await self.ask(follower.still_allowed):
            follower.close(FORBIDDEN)

    def close_all(self, why: str) -> None:
        """Nothing more will come; what waits to be sent is sent before."""
        for follower in self._all():
            follower.close(why)

    def _all(self) -> list[Subscriber]:
        return [each for group in self._followers.values() for each in group]

    async def _for_ever(self, loop: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await loop()
            except asyncio.CancelledError:
                raise
            except Exception as problem:
                if trouble(problem):
                    log.warning("the database is in trouble, following goes on", problem=str(problem).strip())
                else:
                    log.exception("following goes on", loop=getattr(loop, "__name__", ""))
            await asyncio.sleep(AGAIN_SECONDS)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def open_count() -> int:
    """How many follow by this process, in all its loops; asked from any thread."""
    return sum(each.count() for each in list(_hubs.values()))


async def _say_farewell() -> None:
    """Tell all who follow in this loop to come back in a moment."""
    hub().close_all(RESTARTING)


add_sockets("api", open_count)
at_the_end(_say_farewell)


def hub() -> Hub:
    """The hub of the running event loop."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())
