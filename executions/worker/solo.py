"""Driving alone: what ended its process again and again gets one of its own, so that nothing else
dies with it.

Few at a time, and owners in turn: the many of one owner that end their process must not keep those
of others waiting that only happened to be driven beside one.
"""

from __future__ import annotations

import threading
import uuid
from collections import deque
from collections.abc import Callable
from contextlib import suppress

import structlog
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection

from executions.models import Process
from executions.models.process import ALONE
from executions.recovery.rings import ring_for_orphans
from executions.worker.fork_server import Pipes

MOST_WAITING = 100  # of one owner
# Executions that one worker drives alone at once, each in a process of its own.
AT_ONCE = 4
log = structlog.get_logger(__name__)


class Solo:
    """A queue of executions, each driven by a child of the fork server.

    ``on_loss`` is called if that one ends.
    """

    def __init__(self, server: Pipes, on_loss: Callable[[], None]) -> None:
        self._server = server
        self._on_loss = on_loss
        self._changed = threading.Condition()
        # By owner; the owner whose turn it is comes first.
        self._waiting: dict[int, deque[uuid.UUID]] = {}
        self._busy = 0
        self._stopping = False
        self._takes_nothing_new = False
        self._threads = [
            threading.Thread(target=work, name="solo", daemon=True)
            for work in (self._run, self._hear)
        ]
        for thread in self._threads:
            thread.start()

    def take(self, execution_id: uuid.UUID, owner_id: int, *, first: bool = False) -> None:
        """Drive it when it is its turn, ``first`` among those of its owner.

        The sweep rings again for an execution that does not fit into the queue.
        """
        with self._changed:
            if self._takes_nothing_new:
                return
            line = self._waiting.setdefault(owner_id, deque())
            if execution_id not in line and len(line) < MOST_WAITING:
                line.insert(0 if first else len(line), execution_id)
            self._changed.notify_all()

    def take_nothing_new(self, so: bool) -> None:
        """From now on, or no longer. Runs that wait here are let go of: other workers find them."""
        with self._changed:
            self._takes_nothing_new = so
            self._waiting.clear()
            self._changed.notify_all()

    def room(self) -> int:
        """How many more may be driven now."""
        with self._changed:
            if self._takes_nothing_new:
                return 0
            waiting = sum(map(len, self._waiting.values()))
            return max(0, AT_ONCE - self._busy - waiting)

    def close(self) -> None:
        """Let go of what waits and stop the children in order."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        with suppress(OSError):
            self._server.ids.close()
        for thread in self._threads:
            thread.join(settings.STIGMER_DRAIN_SECONDS)

    def _run(self) -> None:
        while (execution_id := self._next()) is not None:
            try:
                self._server.ids.write(f"{execution_id}\n")
                self._server.ids.flush()
            except OSError as problem:
                log.warning(
                    "could not drive alone", execution=str(execution_id), problem=str(problem)
                )

    def _next(self) -> uuid.UUID | None:
        """The next one, counted as driven. None: this worker stops."""
        with self._changed:
            self._changed.wait_for(self._may_go_on)
            if self._stopping:
                return None
            self._busy += 1
            owner_id, line = next(iter(self._waiting.items()))
            execution_id = line.popleft()
            del self._waiting[owner_id]
            if line:
                self._waiting[owner_id] = line
            return execution_id

    def _may_go_on(self) -> bool:
        has_room = self._busy < AT_ONCE
        return self._stopping or bool(self._waiting and has_room)

    def _hear(self) -> None:
        """Take note of each child that ended.

        If the server itself ended, the sweep finds the executions that they drove.
        """
        for line in self._server.ends:
            execution_id, pid, how = line.rstrip("\n").split(" ", 2)
            self._one_less()
            if how:
                self._mourn(execution_id, int(pid), how)
        how = self._server.collect()
        if not self._stopping:
            log.critical("nothing can be driven alone any more, this worker ends", fork_server=how)
            self._on_loss()

    def _one_less(self) -> None:
        with self._changed:
            self._busy -= 1
            self._changed.notify_all()

    def _mourn(self, execution_id: str, pid: int, how: str) -> None:
        log.warning("a process of its own ended", execution=execution_id, how=how)
        try:
            for process in Process.objects.here().filter(pid=pid, kind=ALONE, dead_at=None):
                process.declare_dead(how)
            ring_for_orphans(1)
            close_old_connections()
        except DatabaseError as problem:
            connection.close()
            log.warning("left to the sweep", execution=execution_id, problem=str(problem).strip())
