"""Asks for sealed children: starts the mother process and sends her the pipes of each child."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import executions
from executions.sealed.errors import SealedUnavailable
from executions.sealed.frames import MESSAGE_BYTES
from executions.sealed.process import SealedChild

_PROGRAM = (
    "import sys; sys.path[:] = sys.argv[1:]; from executions.sealed.inside.mother import main;"
    " main()"
)


class Mother:
    """``memory_bytes`` of address space and ``cpu_seconds`` are what each child may use in its
    whole life."""

    def __init__(self, memory_bytes: int, cpu_seconds: int, max_answer_bytes: int) -> None:
        self._max_answer_bytes = max_answer_bytes
        options = {
            "memory_bytes": memory_bytes,
            "cpu_seconds": cpu_seconds,
            "max_answer_bytes": max_answer_bytes,
        }
        # All messages have one length: a stream socket has no other borders.
        self._message = json.dumps(options).encode().ljust(MESSAGE_BYTES)
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def child(self) -> SealedChild:
        """A new child; it becomes ready by itself. Raises :class:`SealedUnavailable`."""
        try:
            return self._child()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise SealedUnavailable(f"a process could not be started: {reason}") from None

    def close(self) -> None:
        """End the mother, and with her every child."""
        with self._lock:
            self._end()

    def descriptors(self) -> list[int]:
        """The descriptor of this process that leads to the mother."""
        return [] if self._control is None else [self._control.fileno()]

    def _child(self) -> SealedChild:
        request_in, request_out = os.pipe()
        try:
            reply_in, reply_out = os.pipe()
        except OSError:
            _close(request_in, request_out)
            raise
        try:
            with self._lock:
                self._ask_for_one(request_in, reply_out)
        except OSError:
            _close(request_out, reply_in)
            raise
        finally:
            _close(request_in, reply_out)
        return SealedChild(request_out, reply_in, self._max_answer_bytes)

    def _ask_for_one(self, *ends: int) -> None:
        if self._control is not None:
            try:
                socket.send_fds(self._control, [self._message], ends)
                return
            except (BrokenPipeError, ConnectionError):
                self._end()  # she was killed; the next one takes over
        self._start()
        assert self._control is not None
        socket.send_fds(self._control, [self._message], ends)

    def _start(self) -> None:
        ours, hers = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with hers:
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", "-c", _PROGRAM, *_import_path()],
                    env={},
                    cwd="/",
                    stdin=hers.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            except OSError:
                ours.close()
                raise
        self._control = ours

    def _end(self) -> None:
        control, process = self._control, self._process
        self._control = self._process = None
        if control is not None:
            control.close()
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait()


def _import_path() -> list[str]:
    """She imports what this process could import, and nothing from a current folder."""
    own = str(Path(executions.__file__).resolve().parent.parent)
    return list(dict.fromkeys([own, *(entry for entry in sys.path if entry)]))


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
