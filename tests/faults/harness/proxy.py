"""A proxy before PostgreSQL's socket that cuts a connection at a COMMIT: before the server heard
it, or before anybody heard the answer; or lets nobody through for a while.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

SOCKET_NAME = ".s.PGSQL.5432"
# A transaction's end, and a step boundary, which is one statement and so its own transaction.
COMMITS = (b"COMMIT", b"WITH held AS")
DONE_SECONDS = 0.01


class Proxy:
    """Listens in ``folder`` under PostgreSQL's name; ``cuts`` counts the connections that it cut at
    a COMMIT.
    """

    def __init__(self, target: Path, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.cuts = 0
        self._target = target / SOCKET_NAME
        self._lock = threading.Lock()
        self._armed: bool | None = None
        self._is_away = False
        self._open: set[socket.socket] = set()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(folder / SOCKET_NAME))
        self._socket.listen(64)

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def cut_next(self, *, answered: bool) -> None:
        """Cut at the next COMMIT; ``answered``: the server does it, and only its answer is lost."""
        with self._lock:
            self._armed = answered

    def spare(self) -> None:
        with self._lock:
            self._armed = None

    def hang_up(self) -> None:
        """End every connection and let nobody through until ``serve``: the database is away."""
        with self._lock:
            self._is_away = True
            connected, self._open = self._open, set()
        _close(*connected)

    def serve(self) -> None:
        with self._lock:
            self._is_away = False

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
                with self._lock:
                    is_away = self._is_away
                    if not is_away:
                        self._open.add(client)
                if is_away:
                    client.close()
                    continue
                server = socket.socket(socket.AF_UNIX)
            except OSError:
                return
            try:
                server.connect(str(self._target))
            except OSError:
                client.close()
                continue
            threading.Thread(target=self._forward, args=(client, server), daemon=True).start()
            threading.Thread(target=self._back, args=(server, client), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        try:
            while chunk := client.recv(65_536):
                if (
                    any(word in chunk for word in COMMITS)
                    and (answered := self._take()) is not None
                ):
                    if answered:
                        # The answer must not come back: this direction is closed before the server
                        # is asked.
                        client.shutdown(socket.SHUT_WR)
                        server.sendall(chunk)
                        time.sleep(DONE_SECONDS)
                    break
                server.sendall(chunk)
        except OSError:
            pass
        with self._lock:
            self._open.discard(client)
        _close(client, server)

    def _back(self, server: socket.socket, client: socket.socket) -> None:
        try:
            while chunk := server.recv(65_536):
                client.sendall(chunk)
        except OSError:
            pass
        _close(client, server)

    def _take(self) -> bool | None:
        with self._lock:
            armed, self._armed = self._armed, None
            if armed is not None:
                self.cuts += 1
            return armed


def _close(*sockets: socket.socket) -> None:
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
