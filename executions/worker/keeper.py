"""Retention in a worker: a slow thread that archives what is kept no longer, gives its space back
and measures growth. One process of the installation does it at a time.
"""

from __future__ import annotations

import time
import uuid

from django.db import close_old_connections

from executions.models import Process, Turn
from executions.retention import forecast, pruning, space
from executions.worker.rounds import Rounds

NAME = "retention"
EVERY_SECONDS = 60.0
# Nothing was found: what is due meanwhile waits so long.
AGAIN_SECONDS = 600.0
LONGEST_SECONDS = 120.0
# Of its time it works at most a quarter: those who drive come first.
REST = 3.0


class Keeper(Rounds):
    """Works a little and rests."""

    what = "retention"
    pause = EVERY_SECONDS

    def __init__(self, process: Process) -> None:
        super().__init__()
        self._process = process
        self._after: uuid.UUID | None = None
        self._idle_until = 0.0
        self._thread.start()

    def round(self) -> float:
        """One batch, and a rest in proportion."""
        began = time.monotonic()
        has_more = self._work()
        close_old_connections()
        took = time.monotonic() - began
        return max(0.1, REST * took) if has_more else self.pause

    def _work(self) -> bool:
        """One batch; whether there may be more."""
        if not Turn.take(NAME, self._process.pk, LONGEST_SECONDS):
            return False
        forecast.measure()
        if space.give_back():
            return True
        if time.monotonic() < self._idle_until:
            return False
        done = pruning.go_on(self._after, self._closed.is_set)
        if done is None:
            self._after, self._idle_until = None, time.monotonic() + AGAIN_SECONDS
            Turn.done(NAME, self._process.pk)
            return False
        self._after = done.last or self._after
        return True
