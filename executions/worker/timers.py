"""Precise timers for what is due soon; the sweep covers everything else, and all of it if this process dies."""

from __future__ import annotations

import heapq
import threading
import uuid
from datetime import datetime

from django.conf import settings

from executions import clock, dispatch


class Timers:
    """Rings the doorbell for an execution at its time."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: list[tuple[datetime, uuid.UUID, str, int]] = []
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="timers", daemon=True)
        self._thread.start()

    def set(self, execution_id: uuid.UUID, queue: str, owner_id: int, at: datetime) -> None:
        """Remember ``at`` if it is near enough that the sweep would be late."""
        if (at - clock.now()).total_seconds() > 2 * settings.STIGMER_SWEEP_SECONDS:
            return
        with self._changed:
            heapq.heappush(self._due, (at, execution_id, queue, owner_id))
            self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while (bell := self._next()) is not None:
            dispatch.ring(*bell)

    def _next(self) -> tuple[uuid.UUID, str, int] | None:
        with self._changed:
            while not self._closed:
                if not self._due:
                    self._changed.wait()
                    continue
                left = (self._due[0][0] - clock.now()).total_seconds()
                if left <= 0:
                    return heapq.heappop(self._due)[1:]
                self._changed.wait(left)
        return None
