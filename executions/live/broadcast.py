"""Carries nudges between processes by the channel layer: coalesced, and allowed to be lost.

The first after a pause is sent at once. Those of the next ``LEAST_SECONDS``, which grow to
``MOST_SECONDS`` while there is always more, go together, of each execution only the newest counter,
by one background loop per process: a message costs as much as a step's own write, and
``async_to_sync(group_send)`` in each driving thread milliseconds.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import suppress

import structlog
from channels.layers import get_channel_layer

from executions import nudges
from executions.live.windows import Window
from executions.nudges import GROUP, Nudge

LEAST_SECONDS, MOST_SECONDS = 0.01, 0.05
MOST_IN_A_MESSAGE = 500
log = structlog.get_logger(__name__)


class Broadcaster:
    """Takes nudges from any thread and sends them from its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[object, dict[str, object]] = {}
        self._filled = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="broadcast", daemon=True)
        self._thread.start()

    def send(self, message: dict[str, object]) -> None:
        """Send it soon; a newer one of the same execution replaces it until then."""
        with self._lock:
            self._waiting[message["execution"]] = message
            self._filled.set()

    def close(self) -> None:
        """Send what waits and stop."""
        self._stopping.set()
        self._filled.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        loop = asyncio.new_event_loop()
        period = Window(LEAST_SECONDS, MOST_SECONDS)
        while not self._stopping.is_set():
            if not self._filled.is_set():
                period.begin_anew()
            self._filled.wait()
            loop.run_until_complete(self._send_all())
            # Nudges that arrive within the period go out together.
            self._stopping.wait(period.take())
        loop.run_until_complete(self._send_all())
        loop.close()

    async def _send_all(self) -> None:
        with self._lock:
            messages, self._waiting = list(self._waiting.values()), {}
            self._filled.clear()
        layer = get_channel_layer()
        for first in range(0, len(messages), MOST_IN_A_MESSAGE):
            part = messages[first : first + MOST_IN_A_MESSAGE]
            try:
                together = nudges.together(part)
                await asyncio.wait_for(layer.group_send(GROUP, together), timeout=1)
            except Exception as problem:  # whatever the layer raises: a nudge may be lost
                log.warning("nudges lost", many=len(part), problem=str(problem))


_started: Broadcaster | None = None


def start() -> None:
    """From now on this process announces what it changes."""
    global _started
    if _started is None:
        _started = Broadcaster()
        nudges.use_publisher(_started.send)


def stop() -> None:
    """Send what waits; what changes from now on is not announced."""
    global _started
    if _started is not None:
        nudges.use_publisher(None)
        _started.close()
        _started = None


async def heard() -> AsyncIterator[Nudge]:
    """The nudges of all processes, for ever. Raises what the channel layer raises."""
    layer = get_channel_layer()
    channel = await layer.new_channel("hub.")
    await layer.group_add(GROUP, channel)
    try:
        while True:
            for nudge in nudges.nudges_of(await layer.receive(channel)):
                yield nudge
    finally:
        with suppress(Exception):
            await layer.group_discard(GROUP, channel)
