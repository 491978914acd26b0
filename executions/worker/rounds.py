"""A thread of a worker that works in rounds beside whatever the worker drives."""

from __future__ import annotations

import threading

import structlog
from django.db import DatabaseError, connection

from executions.models.spell import Spell

log = structlog.get_logger(__name__)


class Rounds:
    """Works again and again until it is closed; a class of its own says in :meth:`round` what.

    An exception of a round ends no thread: the next one comes after ``pause`` seconds, as the first
    does.
    """

    what = ""
    pause = 1.0

    def __init__(self) -> None:
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.what, daemon=True)

    def round(self) -> float:
        """Work a little; after how many seconds to go on."""
        raise NotImplementedError

    def close(self) -> None:
        """End after the transaction under way, and wait for that."""
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        spell, pause = Spell(self.what), self.pause
        while not self._closed.wait(pause):
            pause = self.pause
            try:
                pause = self.round()
                spell.over("it goes on")
            except DatabaseError as problem:
                connection.close()
                spell.met(problem, "it waits: the database does not take it")
            except Exception:
                # Any exception is caught: without this thread its work would stand still.
                connection.close()
                log.exception("a round failed", who=self.what)
        connection.close()
