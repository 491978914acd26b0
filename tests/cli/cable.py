"""A cable between a command and a server that a test can pull out and plug in again: a TCP
relay.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from types import TracebackType

CHUNK = 65_536


class Cable:
    """Relays every connection to ``port`` of this machine, while it is plugged in."""

    def __init__(self, port: int) -> None:
        self._far = port
        self._lock = threading.Lock()
        self._ends: list[socket.socket] = []
        self._plugged = True
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Cable:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._listener.close()
        self.pull()

    def pull(self) -> None:
        """Break every connection, and refuse new ones."""
        with self._lock:
            self._plugged = False
            ends, self._ends = self._ends, []
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def plug(self) -> None:
        with self._lock:
            self._plugged = True

    def _accept(self) -> None:
        for near in self._accepted():
            try:
                far = socket.create_connection(("127.0.0.1", self._far))
            except OSError:
                near.close()
                continue
            with self._lock:
                plugged = self._plugged
                if plugged:
                    self._ends += [near, far]
            if not plugged:
                near.close()
                far.close()
                continue
            for ends in ((near, far), (far, near)):
                threading.Thread(target=_relay, args=ends, daemon=True).start()

    def _accepted(self) -> Iterator[socket.socket]:
        while True:
            try:
                yield self._listener.accept()[0]
            except OSError:
                return


def _relay(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(CHUNK):
            sink.sendall(chunk)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
