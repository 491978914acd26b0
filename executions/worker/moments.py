"""The moments at which something goes on that this worker drove: precise timers for what is
soon.
"""

from __future__ import annotations

import heapq
import threading
from datetime import datetime, timedelta

from executions import clock

# A later one is found by a look before its moment.
SOON_SECONDS = 2.0
# SQLite tells its time in milliseconds, cut off: what is due within the present one is not due yet.
A_LITTLE_LATER = timedelta(milliseconds=1)


class Moments:
    """``changed`` is notified when a moment is added; who waits for it holds it while asking."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self._heap: list[datetime] = []

    def expect(self, at: datetime) -> None:
        """Remember it, where it is near enough that the next look could be late for it."""
        if (at - clock.now()).total_seconds() > SOON_SECONDS:
            return
        with self.changed:
            heapq.heappush(self._heap, at + A_LITTLE_LATER)
            self.changed.notify_all()

    def seconds_left(self) -> float | None:
        """Until the first of them; None where there is none."""
        return (self._heap[0] - clock.now()).total_seconds() if self._heap else None

    def forget_the_past(self) -> None:
        now = clock.now()
        while self._heap and self._heap[0] <= now:
            heapq.heappop(self._heap)
