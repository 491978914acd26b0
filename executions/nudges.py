"""Hearing nudges: one subscription to the channel group per event loop, whatever in this process wants to hear them.

A nudge (see ``executions.events``) is a hint and may be lost; who hears none for a while asks the database.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import structlog
from channels.layers import get_channel_layer

from executions.events import GROUP

AGAIN_SECONDS = 1.0
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Nudge:
    """The execution changed and stands at ``seq``; ``owner_id`` where it was told."""

    execution_id: uuid.UUID
    seq: int
    owner_id: int | None


Hearer = Callable[[Nudge], None]


class Nudges:
    """Starts with the first hearer and goes on; a Redis that is away is tried again for ever."""

    def __init__(self) -> None:
        self._hearers: set[Hearer] = set()
        self._task: asyncio.Task[None] | None = None

    def hear(self, hearer: Hearer) -> None:
        """Call it with every nudge from now on."""
        self._hearers.add(hearer)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._for_ever(), name="nudges")

    def forget(self, hearer: Hearer) -> None:
        self._hearers.discard(hearer)

    async def stop(self) -> None:
        """End listening."""
        task, self._task = self._task, None
        while task is not None and not task.done():
            # While the layer connects it may swallow a cancellation, so it is asked until it has ended.
            task.cancel()
            await asyncio.wait([task], timeout=AGAIN_SECONDS)

    async def _for_ever(self) -> None:
        while True:
            try:
                await self._listen()
            except Exception as problem:  # whatever the layer raises: hearing goes on
                log.warning("nudges are not heard", problem=str(problem))
            await asyncio.sleep(AGAIN_SECONDS)

    async def _listen(self) -> None:
        layer = get_channel_layer()
        channel = await layer.new_channel("nudges.")
        await layer.group_add(GROUP, channel)
        try:
            while True:
                nudge = understood(await layer.receive(channel))
                if nudge is not None:
                    for hearer in list(self._hearers):
                        hearer(nudge)
        finally:
            with suppress(Exception):
                await layer.group_discard(GROUP, channel)


def understood(message: Mapping[str, Any]) -> Nudge | None:
    """The nudge in a message; None where it is none."""
    try:
        execution_id = uuid.UUID(str(message.get("execution")))
    except ValueError:
        return None
    seq, owner = message.get("seq"), message.get("owner")
    return Nudge(execution_id, seq if isinstance(seq, int) else 0, owner if isinstance(owner, int) else None)


_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, Nudges] = WeakKeyDictionary()


def nudges() -> Nudges:
    """Those of the running event loop."""
    return _by_loop.setdefault(asyncio.get_running_loop(), Nudges())
