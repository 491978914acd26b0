"""A process that has everything loaded and forks one child per execution that has to be driven
alone.

A worker forks it before it starts its first thread or opens its first connection, of which a fork
would take half along. Execution ids come in by a pipe, a line each, and
``<execution id> <pid> <how it ended>`` goes out by another when a child has ended (nothing where it
ended well). By the pipe that closes as it ends a child says once a second that it lives; one that
hangs is killed. The server ends, its children stopped in order, when the pipe that it reads does:
so it never outlives its worker. A fork costs milliseconds, a fresh interpreter a second.
"""

from __future__ import annotations

import gc
import os
import selectors
import signal
import sys
import time
import uuid
from dataclasses import dataclass, field
from typing import TextIO

import structlog
from django.conf import settings

from executions.isolation.facts import processor_seconds, state
from executions.supervisor.answers import DUMP_SIGNAL, answer_by
from executions.supervisor.child import describe
from executions.supervisor.silence import Silence
from executions.supervisor.watch import PARENT_VARIABLE, stop_with_parent
from executions.worker.alone import drive_alone
from executions.worker_identity import note_exit

NICENESS = 10
READ_BYTES = 65536
WATCH_SECONDS = 1.0
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pipes:
    """The worker's ends: where ids are written, and where it reads how children ended."""

    pid: int
    ids: TextIO
    ends: TextIO

    def collect(self) -> str:
        """Wait for the server, which has ended or is about to; how it did."""
        return describe(os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]))


def start() -> Pipes:
    """Fork the server. Call it while this process has one thread and no connection."""
    ids_in, ids_out = os.pipe()
    ends_in, ends_out = os.pipe()
    gc.collect()
    gc.freeze()
    gc.enable()
    pid = os.fork()
    if pid == 0:
        os.close(ids_out)
        os.close(ends_in)
        _become_server(ids_in, ends_out)
    os.close(ids_in)
    os.close(ends_out)
    return Pipes(pid, os.fdopen(ids_out, "w"), os.fdopen(ends_in))


def _become_server(ids: int, ends: int) -> None:
    """Never returns."""
    code = 1
    try:
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, sys.stdin.fileno())
        # Its worker says when to end; what a terminal or a supervisor sends goes to the whole
        # group.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # Executions that end processes must not take the machine from those that do not.
        os.nice(NICENESS)
        ForkServer(ids, os.fdopen(ends, "w", buffering=1)).run()
        code = 0
    except Exception:
        log.exception("the fork server ended by an error")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


@dataclass(slots=True)
class Forked:
    """One child.

    ``hung`` is why it is killed at the next look; its threads are named in the log until then.
    """

    execution_id: uuid.UUID
    pid: int
    silence: Silence = field(default_factory=Silence)
    spoke: bool = False
    hung: str = ""


@dataclass(slots=True)
class ForkServer:
    """``_children`` by the reading end of a pipe that closes as its child ends."""

    ids: int
    ends: TextIO
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _children: dict[int, Forked] = field(default_factory=dict)
    _unread: bytes = b""
    _kill_at: float | None = None
    _looked_at: float = field(default_factory=time.monotonic)

    def run(self) -> None:
        self._selector.register(self.ids, selectors.EVENT_READ)
        while self._kill_at is None or self._children:
            for key, _ in self._selector.select(self._seconds_left()):
                if key.fd == self.ids:
                    self._read()
                else:
                    self._hear(key.fd)
            if time.monotonic() - self._looked_at >= WATCH_SECONDS:
                self._look_who_hangs()
            if self._kill_at is not None and time.monotonic() >= self._kill_at:
                self._signal_all(signal.SIGKILL)

    def _seconds_left(self) -> float | None:
        left = [] if self._kill_at is None else [self._kill_at - time.monotonic()]
        left += [self._looked_at + WATCH_SECONDS - time.monotonic()] if self._children else []
        return max(0.0, min(left)) if left else None

    def _look_who_hangs(self) -> None:
        elapsed, self._looked_at = time.monotonic() - self._looked_at, time.monotonic()
        for child in self._children.values():
            if child.hung:
                os.kill(child.pid, signal.SIGKILL)
                continue
            used = processor_seconds(child.pid)
            child.hung = child.silence.look(elapsed=elapsed, spoke=child.spoke, used=used)
            child.spoke = False
            if child.hung:
                log.error(
                    "a process of its own hangs; its threads, then its end",
                    execution=str(child.execution_id),
                    pid=child.pid,
                    why=child.hung,
                    state=state(child.pid),
                )
                note_exit(settings.STIGMER_HOME, child.pid, f"hung: {child.hung}")
                os.kill(child.pid, DUMP_SIGNAL)

    def _read(self) -> None:
        read = os.read(self.ids, READ_BYTES)
        *lines, self._unread = (self._unread + read).split(b"\n")
        for line in lines:
            self._fork(uuid.UUID(line.decode("ascii")))
        if not read:
            self._selector.unregister(self.ids)
            self._kill_at = time.monotonic() + settings.STIGMER_DRAIN_SECONDS
            self._signal_all(signal.SIGTERM)

    def _fork(self, execution_id: uuid.UUID) -> None:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            self._become_child(execution_id, writing)
        os.close(writing)
        self._children[reading] = Forked(execution_id, pid)
        self._selector.register(reading, selectors.EVENT_READ)

    def _become_child(self, execution_id: uuid.UUID, writing: int) -> None:
        """Never returns. The child keeps the writing end of its pipe; its death closes it."""
        code = 1
        try:
            self._selector.close()
            self.ends.close()
            for descriptor in (self.ids, *self._children):
                os.close(descriptor)
            os.environ[PARENT_VARIABLE] = str(os.getppid())
            stop_with_parent(settings.STIGMER_DRAIN_SECONDS)
            answer_by(writing)
            code = drive_alone(execution_id)
        except Exception:
            log.exception("driving alone ended by an error", execution=str(execution_id))
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _hear(self, reading: int) -> None:
        """It says that it lives, or its pipe closed: it has ended."""
        if os.read(reading, READ_BYTES):
            self._children[reading].spoke = True
            return
        child = self._children.pop(reading)
        self._selector.unregister(reading)
        os.close(reading)
        code = os.waitstatus_to_exitcode(os.waitpid(child.pid, 0)[1])
        how = f"hung: {child.hung}" if child.hung else describe(code) if code else ""
        try:
            self.ends.write(f"{child.execution_id} {child.pid} {how}\n")
        except BrokenPipeError:
            log.warning("nobody hears how a child ended", pid=child.pid)

    def _signal_all(self, number: signal.Signals) -> None:
        for child in self._children.values():
            os.kill(child.pid, number)
