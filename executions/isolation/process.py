"""One child process: started, spoken to under a deadline, killed with everything that it
started.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import executions
from executions.isolation import starter
from executions.isolation.errors import (
    ChildCouldNotStart,
    ChildDied,
    ChildTimedOut,
    NoChildFree,
    ResultTooLarge,
)
from executions.isolation.facts import descendants
from executions.isolation.frames import HEADER, decode

_LOG_BYTES = 16_384
_CHUNK = 65_536


class Clock(Protocol):
    """A deadline: how many seconds are left (``executions.calls.context.Deadline`` is one)."""

    def remaining(self) -> float: ...


class ChildProcess:
    """A running child.

    Only one thread at a time may call :meth:`exchange`; any thread may :meth:`kill`.
    """

    def __init__(
        self,
        target: str,
        *,
        preload: Sequence[str],
        environment: Mapping[str, str],
        memory_limit_bytes: int | None,
        max_result_bytes: int,
    ) -> None:
        options = {
            "target": target,
            "preload": list(preload),
            "memory_limit_bytes": memory_limit_bytes,
            "max_result_bytes": max_result_bytes,
            "parent_pid": os.getpid(),
        }
        arguments = [sys.executable, "-P", "-m", "executions.isolation.child", json.dumps(options)]
        self.max_result_bytes = max_result_bytes
        self._log = bytearray()
        self._kill_lock = threading.Lock()
        self._process = starter.start(arguments, {"PYTHONPATH": _import_path(), **environment})
        self.pid = self._process.pid
        self.calls = 0
        # Whose calls it serves, from the first one to its end; None before.
        self.owner: str | None = None
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._in = self._process.stdin.fileno()
        self._out = self._process.stdout.fileno()
        self._err = self._process.stderr.fileno()
        for descriptor in (self._in, self._out, self._err):
            os.set_blocking(descriptor, False)

    def wait_until_ready(self, deadline: Clock) -> None:
        """Wait until the child has imported what it needs; raises :class:`ChildCouldNotStart` or
        NoChildFree.
        """
        try:
            answer = self._talk(b"", deadline)
        except ChildDied as death:
            raise ChildCouldNotStart(
                f"the child process could not start: {death}", death.log
            ) from None
        except ChildTimedOut as late:
            raise NoChildFree(
                "the child process was not ready in time; nothing was run", late.log
            ) from None
        if "ready" not in answer:
            raised = answer.get("failed", {})
            raise ChildCouldNotStart(
                f"the child process could not start: {raised.get('type')}: {raised.get('message')}",
                self.log() + str(raised.get("traceback", "")),
            )

    def exchange(self, frame: bytes, deadline: Clock) -> dict[str, Any]:
        """Send a request and wait for its answer: an object with ``result``, ``raised`` or
        ``too_large``, and ``left``."""
        self.calls += 1
        self._log.clear()
        return self._talk(frame, deadline)

    def log(self) -> str:
        """The end of what the child wrote to its standard streams during the last call."""
        return self._log.decode("utf-8", "replace")

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """End the child and everything that it started, at once.

        May be called more than once and from any thread.
        """
        with self._kill_lock:
            if self._process.returncode is not None:
                return
            family = descendants(self.pid)
            for pid in (-self.pid, *family):
                try:
                    os.kill(pid, signal.SIGKILL)
                except (ProcessLookupError, PermissionError):
                    continue

    def dispose(self) -> None:
        """Kill the child, take its exit status and close its pipes.

        Only for the thread that owns the child.
        """
        self.kill()
        with self._kill_lock:
            self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def _talk(self, frame: bytes, deadline: Clock) -> dict[str, Any]:
        poll = select.poll()
        poll.register(self._out, select.POLLIN)
        poll.register(self._err, select.POLLIN)
        to_send = memoryview(frame)
        if to_send:
            poll.register(self._in, select.POLLOUT)
        received = bytearray()
        while True:
            remaining = deadline.remaining()
            if remaining <= 0:
                raise ChildTimedOut(
                    "the child process did not answer before its deadline and was killed",
                    self.log(),
                )
            for descriptor, _ in poll.poll(max(1, remaining * 1000)):
                if descriptor == self._err:
                    if not self._read_log():
                        poll.unregister(self._err)
                elif descriptor == self._in:
                    to_send = to_send[self._write(to_send) :]
                    if not to_send:
                        poll.unregister(self._in)
                else:
                    chunk = self._read(self._out)
                    if chunk == b"":
                        raise self._death()
                    received += chunk or b""
            body = self._body(received)
            if body is not None:
                self._read_log()
                answer: dict[str, Any] = decode(body)
                return answer

    def _body(self, received: bytearray) -> bytes | None:
        """The body of a complete frame; raises ResultTooLarge before an oversized one is read."""
        if len(received) < HEADER.size:
            return None
        length = HEADER.unpack_from(received)[0]
        # Beside results there are descriptions of errors, which are bounded by the child.
        if length > self.max_result_bytes + 4 * _CHUNK:
            raise ResultTooLarge(
                f"the result has {length} bytes; at most {self.max_result_bytes} are allowed"
            )
        return bytes(received[HEADER.size :]) if len(received) >= HEADER.size + length else None

    def _death(self) -> ChildDied:
        # Its group may outlive it (a crash does not take the grandchildren along).
        self.kill()
        try:
            code = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            code = -signal.SIGKILL
        self._read_log()
        return ChildDied(code, self.log())

    def _read(self, descriptor: int) -> bytes | None:
        try:
            return os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return None

    def _write(self, data: memoryview) -> int:
        try:
            return os.write(self._in, data)
        except BlockingIOError:
            return 0
        except BrokenPipeError:
            return len(data)

    def _read_log(self) -> bool:
        """Take what is in the log pipe; False at its end."""
        for _ in range(64):
            chunk = self._read(self._err)
            if not chunk:
                return chunk is None
            self._log += chunk
            del self._log[:-_LOG_BYTES]
        return True


def _import_path() -> str:
    """The child imports what this process could import, and nothing from its current folder."""
    own = str(Path(executions.__file__).resolve().parent.parent)
    return os.pathsep.join(dict.fromkeys([own, *(entry for entry in sys.path if entry)]))
