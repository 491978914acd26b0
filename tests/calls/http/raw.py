"""A server on a real socket that answers with exactly the bytes that a test wrote."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from typing import Self

Piece = bytes | threading.Event


class RawServer:
    """Each connection gets the next answer: pieces of bytes; an Event between them is waited for.

    Then it is closed.
    """

    def __init__(self, *answers: bytes | Sequence[Piece]) -> None:
        self._answers: list[list[Piece]] = [
            [answer] if isinstance(answer, bytes) else list(answer) for answer in answers
        ]
        self.heads: list[str] = []
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for answer in self._answers:
            for piece in answer:
                if isinstance(piece, threading.Event):
                    piece.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self) -> None:
        for answer in self._answers:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                self._answer(connection, answer)

    def _answer(self, connection: socket.socket, answer: list[Piece]) -> None:
        try:
            head = b""
            while b"\r\n\r\n" not in head and (data := connection.recv(65_536)):
                head += data
            self.heads.append(head.decode("latin-1"))
            for piece in answer:
                if isinstance(piece, threading.Event):
                    piece.wait(60)
                else:
                    connection.sendall(piece)
        except OSError:
            return


def head(status: str, *lines: bytes | str, version: str = "HTTP/1.1") -> bytes:
    written = [line if isinstance(line, bytes) else line.encode() for line in lines]
    return b"\r\n".join([f"{version} {status}".encode(), *written]) + b"\r\n\r\n"


def answer(status: str, body: bytes, *lines: bytes | str) -> bytes:
    return head(status, f"Content-Length: {len(body)}", *lines) + body
