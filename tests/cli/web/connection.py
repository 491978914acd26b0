"""One raw connection to a server under test: what a client that keeps to no rules may send."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

BLOCK = b"x" * 262_144


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back before the server closed; ``closed`` is False where it did not."""

    status: int
    headers: dict[str, str]
    body: str
    closed: bool
    sent_bytes: int


@contextmanager
def connection(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port)) as opened:
        opened.settimeout(30)
        yield opened


def head(method: str, path: str, port: int, **headers: object) -> bytes:
    """A request's head; ``content_length`` becomes Content-Length."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(
        [f"{method} {path} HTTP/1.1", f"Host: localhost:{port}", *lines, "", ""]
    ).encode()


def send_body(opened: socket.socket, count: int, *, chunked: bool) -> int:
    """Send so many bytes, or as many as the server lets us; how many they were."""
    sent = 0
    with suppress(OSError):
        while sent < count:
            block = BLOCK[: count - sent]
            opened.sendall(b"%x\r\n%s\r\n" % (len(block), block) if chunked else block)
            sent += len(block)
        if chunked:
            opened.sendall(b"0\r\n\r\n")
    return sent


def answer(opened: socket.socket, sent_bytes: int = 0) -> Answer:
    """Read until the server closes."""
    got, closed = b"", True
    try:
        while part := opened.recv(65_536):
            got += part
    except ConnectionResetError:
        pass
    except TimeoutError:
        closed = False
    top, _, body = got.partition(b"\r\n\r\n")
    first, *lines = top.decode("latin-1").split("\r\n")
    pairs = (line.partition(": ") for line in lines)
    status = int(first.split()[1]) if first else 0
    headers = {name.lower(): value for name, _, value in pairs}
    return Answer(status, headers, body.decode("latin-1"), closed, sent_bytes)
