"""Carries nudges to the web processes: one background loop per process, coalesced, best effort.

Per execution only the newest counter is sent, at most every ``PERIOD_SECONDS``; ``async_to_sync(group_send)`` from
each driving thread would cost milliseconds a step. When Redis is away nudges are dropped: a page that misses one
asks the database.
"""

from __future__ import annotations

import asyncio
import threading

import structlog
from channels.layers import get_channel_layer

from executions import events

PERIOD_SECONDS = 0.05
log = structlog.get_logger(__name__)


class Broadcaster:
    """Takes nudges from any thread and sends them from its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[object, dict[str, object]] = {}
        self._filled = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="broadcast", daemon=True)
        self._thread.start()

    def send(self, nudge: dict[str, object]) -> None:
        with self._lock:
            self._waiting[nudge["execution"]] = nudge
        self._filled.set()

    def close(self) -> None:
        """Send what waits and stop."""
        self._stopping = True
        self._filled.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        loop = asyncio.new_event_loop()
        while not self._stopping:
            self._filled.wait()
            # What arrives within the period goes out together.
            threading.Event().wait(PERIOD_SECONDS)
            self._filled.clear()
            loop.run_until_complete(self._send_all())
        loop.run_until_complete(self._send_all())
        loop.close()

    async def _send_all(self) -> None:
        with self._lock:
            nudges, self._waiting = list(self._waiting.values()), {}
        layer = get_channel_layer()
        for nudge in nudges:
            try:
                await asyncio.wait_for(layer.group_send(events.GROUP, nudge), timeout=1)
            except Exception as problem:  # whatever the layer raises: a nudge is a hint and may be lost
                log.warning("nudge lost", execution_id=nudge["execution"], problem=str(problem))


_started: Broadcaster | None = None


def start() -> None:
    """From now on this process announces what it changes."""
    global _started
    if _started is None:
        _started = Broadcaster()
        events.use_publisher(_started.send)


def stop() -> None:
    global _started
    if _started is not None:
        events.use_publisher(None)
        _started.close()
        _started = None
