"""Watching the other processes of this system: the death of one is known at once, not when its
heartbeat is missed.

On Linux a pidfd becomes readable when its process ends, however it ends (pidfd_open(2)). Elsewhere
the sweep is what finds out.
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog
from django.db import DatabaseError, close_old_connections, connection

from executions.models import Process
from executions.models.questions import Pairs
from executions.models.spell import Spell

LOOK_AGAIN_SECONDS = 1.0
log = structlog.get_logger(__name__)


class Siblings:
    """Calls ``on_death`` from a thread of its own whenever a process of this system that signed on
    has ended.
    """

    def __init__(self, process: Process, on_death: Callable[[], None]) -> None:
        self._on_death = on_death
        others = Process.objects.here().filter(dead_at=None).exclude(pk=process.pk)
        self._living = Pairs(others.order_by().values_list("pk", "pid"))
        # By the keys as the database gives them.
        self._watched: dict[Any, int] = {}
        self._stopping = False
        self._wake_reading, self._wake_writing = os.pipe()
        self._thread: threading.Thread | None = None
        if hasattr(os, "pidfd_open"):
            self._thread = threading.Thread(target=self._run, name="siblings", daemon=True)
            self._thread.start()

    def close(self) -> None:
        self._stopping = True
        os.write(self._wake_writing, b".")
        if self._thread is not None:
            self._thread.join()
        for descriptor in (*self._watched.values(), self._wake_reading, self._wake_writing):
            os.close(descriptor)

    def _run(self) -> None:
        spell = Spell("siblings")
        while not self._stopping:
            try:
                self._look_who_lives()
                spell.over("siblings are seen again")
            except DatabaseError as problem:
                connection.close()
                spell.met(problem, "cannot look for siblings")
            # While it only waits it keeps no connection of the few from those who drive.
            close_old_connections()
            if self._wait_for_a_death():
                self._on_death()
        connection.close()

    def _look_who_lives(self) -> None:
        rows = self._living.ask()
        for gone in set(self._watched) - set(rows):
            os.close(self._watched.pop(gone))
        for process_id in set(rows) - set(self._watched):
            # One that ended before it could be watched is found by the sweep.
            with suppress(OSError):
                self._watched[process_id] = os.pidfd_open(rows[process_id])

    def _wait_for_a_death(self) -> bool:
        """Whether one of them ended; what ended is watched no longer."""
        poll = select.poll()
        for descriptor in (*self._watched.values(), self._wake_reading):
            poll.register(descriptor, select.POLLIN)
        ended = {descriptor for descriptor, _ in poll.poll(LOOK_AGAIN_SECONDS * 1000)} - {
            self._wake_reading
        }
        for process_id in [key for key, descriptor in self._watched.items() if descriptor in ended]:
            os.close(self._watched.pop(process_id))
        return bool(ended)
