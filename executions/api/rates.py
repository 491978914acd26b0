"""How often one caller may ask: a token bucket per caller, kept by each web process for itself."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict

from django.conf import settings

from executions.api.problems import Problem

MOST_CALLERS = 10_000
MINUTE_SECONDS = 60.0


class Buckets:
    """A bucket holds one minute's requests and fills evenly; the callers heard of longest ago are forgotten first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._filled: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str, per_minute: int, now: float) -> float:
        """Take one. The seconds to wait where the bucket is empty, else 0."""
        with self._lock:
            level, since = self._filled.pop(caller, (float(per_minute), now))
            level = min(float(per_minute), level + (now - since) * per_minute / MINUTE_SECONDS)
            allowed = level >= 1
            self._filled[caller] = (level - 1 if allowed else level, now)
            while len(self._filled) > MOST_CALLERS:
                self._filled.popitem(last=False)
        return 0.0 if allowed else (1 - level) * MINUTE_SECONDS / per_minute

    def clear(self) -> None:
        with self._lock:
            self._filled.clear()


buckets = Buckets()


def take(caller: str) -> None:
    """Count one request of this caller. Raises Problem 429 for one too many; STIGMER_API_RATE 0 counts none."""
    per_minute: int = settings.STIGMER_API_RATE
    if per_minute <= 0:
        return
    wait = buckets.take(caller, per_minute, time.monotonic())
    if wait:
        raise Problem(
            "rate-limited",
            f"More than {per_minute} requests a minute came from you.",
            headers={"Retry-After": str(max(1, math.ceil(wait)))},
        )
