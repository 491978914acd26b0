"""I9: after a storm memory, database connections and Redis are back within 20 % of what they were
before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import psutil
import redis

from tests.faults.harness.rig import Rig
from tests.waiting import until

ALLOWED = 1.2
PATIENCE_SECONDS = 15.0
# Below this a share says nothing: one connection more is 20 % of four, and a page of Redis'
# allocator is 64 KiB.
LEEWAY = {"rss_mb": 8.0, "connections": 4.0, "redis_kb": 128.0}


class Bounds:
    """Taken when made, after a warm-up; ``pids`` are the processes whose memory counts (the largest
    of them).
    """

    def __init__(self, rig: Rig, server: redis.Redis, pids: Callable[[], Sequence[int]]) -> None:
        self._rig, self._server, self._pids = rig, server, pids
        self.baseline = self.last = self._taken()

    def exceeded(self) -> list[str]:
        """What did not come back within its bound, waiting a while for it."""
        try:
            until(lambda: not self._above(), what="the bounds hold", seconds=PATIENCE_SECONDS)
        except AssertionError:
            return [
                f"I9: {name} is {self.last[name]}, was {self.baseline[name]}"
                for name in self._above()
            ]
        return []

    def _above(self) -> list[str]:
        self.last = self._taken()
        limits = {
            name: max(value * ALLOWED, value + LEEWAY[name])
            for name, value in self.baseline.items()
        }
        return [name for name, limit in limits.items() if self.last[name] > limit]

    def _taken(self) -> dict[str, float]:
        memory: Any = self._server.info("memory")
        return {
            "rss_mb": round(
                max(psutil.Process(pid).memory_info().rss for pid in self._pids()) / 2**20, 1
            ),
            "connections": float(self._connections()),
            "redis_kb": round(memory["used_memory"] / 1024, 1),
        }

    def _connections(self) -> int:
        """Those that the server counts; with SQLite the most that one process has of its file."""
        if self._rig.database == "postgres":
            return int(self._rig.in_child(_backends))
        name = "trials.sqlite3"
        return max(
            sum(file.path.endswith(name) for file in psutil.Process(pid).open_files())
            for pid in self._pids()
        )


def _backends() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        (count,) = cursor.fetchone()
        return int(count)
