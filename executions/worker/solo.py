"""Driving alone: what ended its process again and again gets one of its own, so that nothing else dies with it.

One at a time and worker: a great many such executions must not take the machine from the healthy ones.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import uuid
from collections import deque
from contextlib import suppress

import structlog
from django.conf import settings
from django.db import DatabaseError, connection

from executions.engine.driver import advance
from executions.engine.running import Running
from executions.models import Process
from executions.recovery.rings import ring_for_orphans
from executions.supervisor.child import describe
from executions.supervisor.watch import PARENT_VARIABLE

MOST_WAITING = 100
log = structlog.get_logger(__name__)


class Solo:
    """A queue of executions, each driven by a child process that holds nothing else."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[uuid.UUID] = deque()
        self._stopping = False
        self._child: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None

    def take(self, execution_id: uuid.UUID) -> None:
        """Drive it when it is its turn. What does not fit into the queue is rung for again by the sweep."""
        with self._changed:
            if execution_id not in self._waiting and len(self._waiting) < MOST_WAITING:
                self._waiting.append(execution_id)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="solo", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Let go of what waits and stop the child in order."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
            if self._child is not None:
                self._child.send_signal(signal.SIGTERM)
        if self._thread is not None:
            self._thread.join(settings.STIGMER_DRAIN_SECONDS)

    def _run(self) -> None:
        while (execution_id := self._next()) is not None:
            try:
                self._drive(execution_id)
            except (DatabaseError, OSError) as problem:
                connection.close()
                log.warning("could not drive alone", execution=str(execution_id), problem=str(problem).strip())
        connection.close()

    def _next(self) -> uuid.UUID | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._stopping)
            return None if self._stopping else self._waiting.popleft()

    def _drive(self, execution_id: uuid.UUID) -> None:
        command = [sys.executable, "-m", "executions.cli", "worker", "--alone", str(execution_id)]
        with self._changed:
            if self._stopping:
                return
            self._child = subprocess.Popen(
                command, env={**os.environ, PARENT_VARIABLE: str(os.getpid())}, stdin=subprocess.DEVNULL
            )
        code = self._child.wait()
        if code:
            log.warning("a process of its own ended", execution=str(execution_id), how=describe(code))
            living = Process.objects.filter(host=socket.gethostname(), pid=self._child.pid, kind="alone", dead_at=None)
            for process in living:
                process.declare_dead(describe(code))
            ring_for_orphans(1)


def main_alone(execution_id: uuid.UUID) -> int:
    """The child: drive this one execution as far as it goes, and end."""
    from executions import broadcast
    from executions.worker.children import use_children
    from executions.worker.main import on_signal, writers
    from executions.worker.pulse import Pulse
    from executions.worker.registration import register, resign

    running = Running()
    on_signal(running.stopping)
    use_children()
    process = register("alone", slots=1)
    log.info("driving alone", pid=process.pid, execution=str(execution_id))
    broadcast.start()
    store, pulse = writers(), Pulse(process, running)
    try:
        # Until it parks or ends, or made progress and may be driven beside others again.
        while advance(execution_id, process_id=process.pk, store=store, running=running, alone=True):
            pass
    finally:
        with suppress(DatabaseError):
            resign(process)
        pulse.close()
        store.close()
        broadcast.stop()
    return 0
