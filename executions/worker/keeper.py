"""Retention in a worker: a slow thread that archives what is kept no longer, gives its space back
and measures growth. One process of the installation does it at a time.
"""

from __future__ import annotations

import threading
import time
import uuid

import structlog
from django.db import DatabaseError, close_old_connections, connection

from executions.models import Process, Turn
from executions.models.spell import Spell
from executions.retention import forecast, pruning, space

NAME = "retention"
EVERY_SECONDS = 60.0
# Nothing was found: what is due meanwhile waits so long.
AGAIN_SECONDS = 600.0
LONGEST_SECONDS = 120.0
# Of its time it works at most a quarter: those who drive come first.
REST = 3.0
log = structlog.get_logger(__name__)


class Keeper:
    """A thread that works a little and rests."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._stop = threading.Event()
        self._after: uuid.UUID | None = None
        self._idle_until = 0.0
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after the transaction under way."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        spell, pause = Spell("retention"), EVERY_SECONDS
        while not self._stop.wait(pause):
            began = time.monotonic()
            try:
                has_more = self._work()
                spell.over("retention goes on")
            except DatabaseError as problem:
                connection.close()
                has_more = False
                spell.met(problem, "retention waits: the database does not take it")
            except Exception:
                # Whatever it was: without this thread the disk fills.
                connection.close()
                has_more = False
                log.exception("retention failed")
            close_old_connections()
            took = time.monotonic() - began
            pause = max(0.1, REST * took) if has_more else EVERY_SECONDS
        connection.close()

    def _work(self) -> bool:
        """One batch; whether there may be more."""
        if not Turn.take(NAME, self._process.pk, LONGEST_SECONDS):
            return False
        forecast.measure()
        if space.give_back():
            return True
        if time.monotonic() < self._idle_until:
            return False
        done = pruning.go_on(self._after, self._stop.is_set)
        if done is None:
            self._after, self._idle_until = None, time.monotonic() + AGAIN_SECONDS
            Turn.done(NAME, self._process.pk)
            return False
        self._after = done.last or self._after
        return True
