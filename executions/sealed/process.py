"""One sealed child, seen from its parent: spoken to over two pipes, measured, killed."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from dataclasses import dataclass

from executions.isolation.facts import is_stopped
from executions.sealed.errors import SealedDied, SealedHung, SealedTooLarge, SealedUnavailable
from executions.sealed.frames import BROKEN, READY, REPLY

_CHUNK = 65_536
# Slow calls may keep every processor busy; who drives executions comes first.
_SLOW_NICENESS = 15
# A child that wants a processor and gets none is waited for this much longer than its time.
_WALL_FACTOR = 30.0
_WALL_SECONDS = 60.0
_SHORTEST_WAIT_SECONDS = 0.002
_HAS_CPU_CLOCKS = sys.platform == "linux"


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer of a child: an outcome of ``frames``, the processor time that it counted, and the
    body. All of it comes from the child: believe none of it.
    """

    outcome: int
    cpu_seconds: float
    body: bytes


class SealedChild:
    """A child that was asked for. Only one thread at a time may use it; any may :meth:`kill` it."""

    def __init__(self, requests: int, replies: int, max_answer_bytes: int) -> None:
        self._in = requests
        self._out = replies
        self._max_answer_bytes = max_answer_bytes
        self._received = bytearray()
        self._poll = select.poll()
        self._poll.register(replies, select.POLLIN)
        self._pidfd: int | None = None
        # Processor time as its last reply told it; while it waits for a request it uses none.
        self._told_seconds = 0.0
        self._asked_at = 0.0
        self.pid = 0
        self.calls = 0
        os.set_blocking(requests, False)

    def wait_until_ready(self, seconds: float) -> None:
        """Wait for the child's first word; raises :class:`SealedUnavailable` if there is none."""
        if self.pid:
            return
        try:
            reply = self._receive(seconds)
        except (SealedDied, SealedTooLarge):
            reply = None
        if reply is None or reply.outcome != READY:
            raise SealedUnavailable("a process for foreign text could not be started")
        self.pid = int(reply.body)
        if hasattr(os, "pidfd_open"):
            with contextlib.suppress(OSError):
                self._pidfd = os.pidfd_open(self.pid)

    def ask(self, frame: bytes, seconds: float) -> Reply | None:
        """Send a request and :meth:`wait` for its answer."""
        self.calls += 1
        if not _HAS_CPU_CLOCKS:
            self._asked_at = time.monotonic()
        try:
            sent = os.write(self._in, frame)
        except BlockingIOError:
            sent = 0
        except BrokenPipeError:
            raise _died() from None
        if sent < len(frame):
            self._send(memoryview(frame)[sent:], _latest(seconds))
        return self._receive(seconds) or self.wait(seconds)

    def wait(self, seconds: float) -> Reply | None:
        """The answer, or None if it did not come within ``seconds`` of the child's processor
        time, counted from its request. A busy machine gives a child no processor for long: that
        is not its fault. Raises :class:`SealedDied`, :class:`SealedTooLarge` and, for a child
        that does nothing, :class:`SealedHung`."""
        latest = _latest(seconds)
        while True:
            patience = seconds - self._spent()
            if patience <= 0:
                return self._receive(0)
            if time.monotonic() >= latest or patience > 2 * seconds or is_stopped(self.pid):
                raise _hung()
            reply = self._receive(max(patience, _SHORTEST_WAIT_SECONDS))
            if reply is not None:
                return reply

    def _spent(self) -> float:
        """Processor time since the request. Far below zero where the child told a lie."""
        if _HAS_CPU_CLOCKS:
            return self.cpu_seconds() - self._told_seconds
        return time.monotonic() - self._asked_at

    def cpu_seconds(self) -> float:
        """Processor time that the child used so far; where the system does not tell, the time on
        the clock (clock_getcpuclockid(3): this is how Linux numbers the clock of a process)."""
        if _HAS_CPU_CLOCKS:
            with contextlib.suppress(OSError):
                return time.clock_gettime((~self.pid << 3) | 2)
        return time.monotonic()

    def step_back(self) -> None:
        """Let others have the processor first from now on: each that wakes gets it at once."""
        with contextlib.suppress(OSError):  # where it has ended, reading from it tells
            if sys.platform == "linux":
                os.sched_setscheduler(self.pid, os.SCHED_IDLE, os.sched_param(0))
            else:
                own = os.getpriority(os.PRIO_PROCESS, 0)
                os.setpriority(os.PRIO_PROCESS, self.pid, own + _SLOW_NICENESS)

    def kill(self) -> None:
        """End the child at once."""
        with contextlib.suppress(ProcessLookupError):
            if self._pidfd is not None:
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            elif self.pid:
                os.kill(self.pid, signal.SIGKILL)

    def dispose(self) -> None:
        """Kill the child and close its pipes (one that has not begun ends by that alone). Only
        for the thread that uses it."""
        self.kill()
        for descriptor in self.descriptors():
            os.close(descriptor)
        self._in, self._out, self._pidfd, self.pid = -1, -1, None, 0

    def descriptors(self) -> list[int]:
        """The descriptors of this process that belong to the child."""
        mine = (self._in, self._out, self._pidfd)
        return [each for each in mine if each is not None and each >= 0]

    def _send(self, rest: memoryview, latest: float) -> None:
        writable = select.poll()
        writable.register(self._in, select.POLLOUT)
        while rest:
            remaining = latest - time.monotonic()
            if remaining <= 0 or not writable.poll(remaining * 1_000):
                raise _hung()
            try:
                rest = rest[os.write(self._in, rest) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise _died() from None

    def _receive(self, seconds: float) -> Reply | None:
        """The answer, if all of it comes within so much time on the clock."""
        if not self._poll.poll(seconds * 1_000):
            return None
        reply = self._read()
        if reply is not None:
            return reply
        latest = time.monotonic() + seconds
        while reply is None:
            if not self._poll.poll(max(0.0, latest - time.monotonic()) * 1_000):
                return None
            reply = self._read()
        return reply

    def _read(self) -> Reply | None:
        chunk = os.read(self._out, _CHUNK)
        if not chunk:
            raise _died()
        self._received += chunk
        return self._complete()

    def _complete(self) -> Reply | None:
        """The reply, once all of it is there; one that would be too large is not waited for."""
        received = self._received
        if len(received) < REPLY.size:
            return None
        length, outcome, microseconds = REPLY.unpack_from(received)
        if length > self._max_answer_bytes or len(received) > REPLY.size + length:
            raise SealedTooLarge(f"the answer is larger than {self._max_answer_bytes} bytes")
        if len(received) < REPLY.size + length:
            return None
        body = bytes(received[REPLY.size :])
        received.clear()
        before, self._told_seconds = self._told_seconds, microseconds / 1e6
        took = self._told_seconds - before
        return Reply(outcome if outcome <= READY else BROKEN, took, body)


def _latest(seconds: float) -> float:
    return time.monotonic() + max(seconds * _WALL_FACTOR, _WALL_SECONDS)


def _hung() -> SealedHung:
    return SealedHung("the process that worked on it did nothing and was ended")


def _died() -> SealedDied:
    return SealedDied("the process that worked on it ended")
