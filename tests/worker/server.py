"""A web server whose answers wait behind a gate, so that a test decides when calls end."""

from __future__ import annotations

import socket
import threading

from tests.calls.http.faults import FaultServer, Seen, answer, behaviour


class GatedServer(FaultServer):
    """``/gated`` answers once ``gate`` is set.

    ``inside`` counts the calls that wait now, ``most`` the most ever.
    """

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.inside = 0
        self.most = 0
        self.counting = threading.Lock()
        super().__init__()

    def __exit__(self, *problem: object) -> None:
        self.gate.set()
        super().__exit__(*problem)


@behaviour
def gated(server: FaultServer, connection: socket.socket, seen: Seen, rest: str) -> None:
    assert isinstance(server, GatedServer)
    with server.counting:
        server.inside += 1
        server.most = max(server.most, server.inside)
    server.gate.wait(120)
    with server.counting:
        server.inside -= 1
    connection.sendall(answer("200 OK", b'{"through": true}', content_type="application/json"))
