"""A receiver of events on loopback: it keeps what came, and answers as a test wants it to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# Given for an answer: say nothing until the receiver closes.
HANG = 0
Answers = Callable[[dict[str, Any]], int]


class Receiver(ThreadingHTTPServer):
    """``answers`` says the status for an event; ``came`` holds headers, bodies and events.

    ``repeats_path``: it says in its answer which path was asked for.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, answers: Answers = lambda event: 204) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.answers = answers
        self.repeats_path = False
        self.paths: list[str] = []
        self.came: list[tuple[dict[str, str], bytes, dict[str, Any]]] = []
        self.closing = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/events"

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for _, _, event in self.came]

    def close(self) -> None:
        self.closing.set()
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that gave up, or was killed, is what these tests are about."""


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        event = json.loads(body)
        self.server.paths.append(self.path)
        self.server.came.append(({k.lower(): v for k, v in self.headers.items()}, body, event))
        status = self.server.answers(event)
        if status == HANG:
            self.server.closing.wait()
            return
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", self.server.url + "/elsewhere")
        said = f"Cannot POST {self.path}".encode() if self.server.repeats_path else b""
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the tests look at what came."""
