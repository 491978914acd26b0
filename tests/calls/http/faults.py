"""A small web server that misbehaves on demand, on a real socket: what calls have to survive."""

from __future__ import annotations

import gzip
import json
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

MEGABYTE = 1_048_576


@dataclass
class Seen:
    """A request as the server read it."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def answer(status: str, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class FaultServer:
    """Serves the behaviours of ``BEHAVIOURS`` by path until closed; remembers every request."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.arrived = threading.Semaphore(0)
        self.stopped = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while not self.stopped.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as reader:
            try:
                while request := _read(reader):
                    self.seen.append(request)
                    self.arrived.release()
                    if not self._behave(connection, request):
                        return
            except OSError:
                return

    def _behave(self, connection: socket.socket, request: Seen) -> bool:
        _, name, *rest = request.path.partition("?")[0].split("/")
        stay = BEHAVIOURS[name](self, connection, request, "/".join(rest))
        return stay is not False


def _read(reader: socket.SocketIO | object) -> Seen | None:
    readline, read = reader.readline, reader.read  # type: ignore[union-attr]
    first = readline()
    if not first:
        return None
    method, path, _ = first.decode().split(" ")
    headers = {}
    while (line := readline().decode().rstrip("\r\n")) != "":
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Seen(method, path, headers, read(int(headers.get("content-length", "0"))))


Behaviour = Callable[[FaultServer, socket.socket, Seen, str], bool | None]
BEHAVIOURS: dict[str, Behaviour] = {}


def behaviour(act: Behaviour) -> Behaviour:
    BEHAVIOURS[act.__name__] = act
    return act


@behaviour
def echo(server: FaultServer, connection: socket.socket, seen: Seen, rest: str) -> None:
    shown = {
        "method": seen.method,
        "path": seen.path,
        "headers": seen.headers,
        "body": seen.body.decode(),
    }
    connection.sendall(
        answer("200 OK", json.dumps(shown).encode(), content_type="application/json")
    )


@behaviour
def json_text(server: FaultServer, connection: socket.socket, seen: Seen, rest: str) -> None:
    connection.sendall(
        answer("200 OK", bytes.fromhex(rest), content_type="application/problem+json")
    )


@behaviour
def typed(server: FaultServer, connection: socket.socket, seen: Seen, rest: str) -> None:
    data, _, kind = rest.partition("/")
    headers = {"content_type": bytes.fromhex(kind).decode()} if kind else {}
    connection.sendall(answer("200 OK", bytes.fromhex(data), **headers))


@behaviour
def status(server: FaultServer, connection: socket.socket, seen: Seen, rest: str) -> None:
    code, _, retry_after = rest.partition("/")
    headers = {"retry_after": retry_after.replace("_", " ")} if retry_after else {}
    body = b"" if code == "304" else b"the shop is closed, key=s3cret-value"
    connection.sendall(answer(f"{code} Whatever", body, **headers))


@behaviour
def refused(server: FaultServer, connection: socket.socket, seen: Seen, rest: str) -> None:
    """`/refused/<status>`: that status, and as its text what was sent."""
    connection.sendall(answer(f"{rest} Chosen", seen.body, content_type="text/plain"))


@behaviour
def empty(server: FaultServer, connection: socket.socket, seen: Seen, rest: str) -> None:
    connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")


@behaviour
def redirect(server: FaultServer, connection: socket.socket, seen: Seen, rest: str) -> None:
    code, _, location = rest.partition("/")
    connection.sendall(answer(f"{code} Found", b"go on", location=bytes.fromhex(location).decode()))


@behaviour
def around(server: FaultServer, connection: socket.socket, seen: Seen, rest: str) -> None:
    left = int(rest)
    location = f"/around/{left - 1}" if left > 1 else "/echo"
    connection.sendall(answer("302 Found", location=location))


@behaviour
def reset(server: FaultServer, connection: socket.socket, seen: Seen, rest: str) -> bool:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


@behaviour
def drop(server: FaultServer, connection: socket.socket, seen: Seen, rest: str) -> bool:
    return False


@behaviour
def garbage(server: FaultServer, connection: socket.socket, seen: Seen, rest: str) -> bool:
    connection.sendall(b"this is no HTTP at all\r\n\r\n")
    return False


@behaviour
def truncated(server: FaultServer, connection: socket.socket, seen: Seen, rest: str) -> bool:
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nonly this")
    return False


@behaviour
def hang(server: FaultServer, connection: socket.socket, seen: Seen, rest: str) -> bool:
    server.stopped.wait(60)
    return False


@behaviour
def slow_loris(server: FaultServer, connection: socket.socket, seen: Seen, rest: str) -> bool:
    for byte in answer("200 OK", b"x" * 100_000):
        connection.sendall(bytes([byte]))
        if server.stopped.wait(0.02):
            break
    return False


@behaviour
def endless(server: FaultServer, connection: socket.socket, seen: Seen, rest: str) -> bool:
    connection.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while not server.stopped.is_set():
        connection.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")
    return False


@behaviour
def endless_headers(server: FaultServer, connection: socket.socket, seen: Seen, rest: str) -> bool:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not server.stopped.is_set():
        connection.sendall(b"x-more: " + b"y" * 4096 + b"\r\n")
    return False


@behaviour
def bomb(server: FaultServer, connection: socket.socket, seen: Seen, rest: str) -> None:
    packed = gzip.compress(b"\0" * (100 * MEGABYTE), compresslevel=1)
    connection.sendall(answer("200 OK", packed, content_encoding="gzip"))


@behaviour
def packed(server: FaultServer, connection: socket.socket, seen: Seen, rest: str) -> None:
    encoding, _, data = rest.partition("/")
    connection.sendall(
        answer(
            "200 OK",
            bytes.fromhex(data),
            content_encoding=encoding,
            content_type="text/plain; charset=utf-8",
        )
    )
