"""Runs a command seen from the worker: starts its keeper, hears its output, ends it."""

from __future__ import annotations

import codecs
import json
import os
import select
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from executions.isolation import starter
from executions.sandbox import leftovers
from executions.sandbox.command import (
    HEAD_BYTES,
    TAIL_BYTES,
    Command,
    Ended,
    Limits,
    Spoiled,
    Why,
)
from executions.sandbox.places import Place
from executions.sandbox.walls import Start

_KEEPER = Path(__file__).with_name("keeper.py")
_HEADER_BYTES = 5
# The keeper ends a command by itself; it gets so long beyond that before it is ended itself.
_GRACE_SECONDS = 10.0
_AFTER_SECONDS = 30.0
Heard = Callable[[str], None]


class Clock(Protocol):
    """A deadline: how many seconds are left."""

    def remaining(self) -> float: ...


class Stopping(Protocol):
    """Tells when a command is not wanted any more."""

    def on_request(self, stop: Callable[[], None]) -> None: ...


def run(
    command: Command,
    place: Place,
    start: Start,
    limits: Limits,
    *,
    deadline: Clock,
    stopping: Stopping | None = None,
    heard: Heard = lambda text: None,
) -> Ended:
    """Run it to its end, which ``deadline``, a limit or ``stopping`` may bring.

    ``heard`` is told its output as it comes, both streams in one. All that it started has ended
    with it. Raises Spoiled.
    """
    instructions = {
        "argv": start.argv,
        "arguments": start.arguments,
        "environment": start.environment,
        "filter": start.filter.hex(),
        "reports_status": start.reports_status,
        "after": list(start.after),
        "keeps_privileges": start.keeps_privileges,
        "cwd": str(place.work),
        "stdin": command.stdin,
        "seconds": deadline.remaining(),
        "folders": [str(folder) for folder in place.writable],
        "head_bytes": HEAD_BYTES,
        "tail_bytes": TAIL_BYTES,
        "limits": {
            "memory_bytes": limits.memory_bytes,
            "disk_bytes": limits.disk_bytes,
            "processes": limits.processes,
        },
    }
    try:
        patience = _GRACE_SECONDS + (_AFTER_SECONDS if start.after else 0)
        with _keeper(patience) as process:
            return _Talk(process, heard, patience).through(instructions, deadline, stopping)
    except Spoiled:
        if start.mark:
            leftovers.end(start.mark)
        if start.after:
            _carry_out(start)
        raise


def _carry_out(start: Start) -> None:
    """In place of the keeper, which is gone. The next sweep finds again whatever fails here."""
    with suppress(subprocess.TimeoutExpired, OSError):
        subprocess.run(
            list(start.after),
            env=start.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_AFTER_SECONDS,
            check=False,
        )


@contextmanager
def _keeper(patience: float) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-I", "-S", str(_KEEPER), str(os.getpid())]
    try:
        process = starter.start(command, {})
    except OSError as problem:
        raise Spoiled(f"no process could be started: {problem}", began=False) from problem
    try:
        yield process
    finally:
        with suppress(OSError):
            if process.stdin is not None:
                process.stdin.close()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


class _Talk:
    """The talk with the keeper: what it is told, and what it tells."""

    def __init__(self, process: subprocess.Popen[bytes], heard: Heard, patience: float) -> None:
        self._patience = patience
        assert process.stdin and process.stdout and process.stderr
        self._in, self._out, self._err = process.stdin, process.stdout, process.stderr
        self._heard = heard
        self._lock = threading.Lock()
        self._received = bytearray()
        self._said = bytearray()
        self._texts: dict[bytes, list[str]] = {b"o": [], b"e": []}
        decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders = {kind: decoder("replace") for kind in self._texts}
        self._end: dict[str, Any] | None = None
        self._is_stopped = False

    def through(
        self, instructions: dict[str, Any], deadline: Clock, stopping: Stopping | None
    ) -> Ended:
        body = json.dumps(instructions).encode()
        with suppress(BrokenPipeError):
            self._send(len(body).to_bytes(4, "big") + body)
        if stopping is not None:
            stopping.on_request(self.stop)
        self._listen(deadline)
        if self._end is None:
            tail = self._said.decode("utf-8", "replace").strip()[-500:]
            raise Spoiled(
                "the process that watched the command is gone" + (f": {tail}" if tail else ""),
                began=True,
            )
        return self._ended(self._end)

    def stop(self) -> None:
        """End the command. By any thread, more than once."""
        with self._lock:
            self._is_stopped = True
            with suppress(OSError, ValueError):
                self._in.close()

    def _send(self, frame: bytes) -> None:
        view = memoryview(frame)
        while view:
            view = view[self._in.write(view) :]

    def _listen(self, deadline: Clock) -> None:
        """Until the keeper has told the end, or is gone."""
        poll = select.poll()
        descriptors = {self._out.fileno(): True, self._err.fileno(): True}
        for descriptor in descriptors:
            poll.register(descriptor, select.POLLIN)
        while self._end is None and descriptors:
            seconds = deadline.remaining()
            ready = poll.poll(max(0.0, seconds + self._patience) * 1000)
            if not ready:
                return
            for descriptor, _ in ready:
                chunk = os.read(descriptor, 65_536)
                if not chunk:
                    poll.unregister(descriptor)
                    del descriptors[descriptor]
                elif descriptor == self._err.fileno():
                    self._said += chunk
                    del self._said[:-4_096]
                else:
                    self._received += chunk
                    self._take()

    def _take(self) -> None:
        while len(self._received) >= _HEADER_BYTES:
            kind = bytes(self._received[:1])
            size = int.from_bytes(self._received[1:_HEADER_BYTES], "big")
            if len(self._received) < _HEADER_BYTES + size:
                return
            body = bytes(self._received[_HEADER_BYTES : _HEADER_BYTES + size])
            del self._received[: _HEADER_BYTES + size]
            if kind == b"x":
                self._end = json.loads(body)
                return
            self._hear(kind, self._decoders[kind].decode(body))

    def _hear(self, kind: bytes, text: str) -> None:
        if text:
            self._texts[kind].append(text)
            self._heard(text)

    def _ended(self, end: dict[str, Any]) -> Ended:
        for kind, decoder in self._decoders.items():
            self._hear(kind, decoder.decode(b"", final=True))
        stdout, stderr = ("".join(self._texts[kind]) for kind in (b"o", b"e"))
        if not end["began"]:
            problem = end["problem"] or stderr.strip()[-500:] or "it did not begin"
            raise Spoiled(f"the command could not be started: {problem}", began=False)
        code = end["code"]
        return Ended(
            code=-1 if code is None else 128 - code if code < 0 else code,
            stdout=stdout,
            stderr=stderr,
            why=Why(end["why"]),
            left_out=sum(end["left_out"].values()),
        )
