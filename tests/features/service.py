"""A web service that is late, or broken, as often as a scenario says; it counts what was asked of
it.
"""

from __future__ import annotations

import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Service(ThreadingHTTPServer):
    """``late`` requests per path are not answered before ``close``; paths in ``broken`` answer
    400.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.asked: Counter[str] = Counter()
        self.late: Counter[str] = Counter()
        self.broken: set[str] = set()
        self.closing = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def close(self) -> None:
        self.closing.set()
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that gave up is what these scenarios are about."""


class _Answer(BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        self.server.asked[self.path] += 1
        if self.server.asked[self.path] <= self.server.late[self.path]:
            self.server.closing.wait()
            return
        self.send_response(400 if self.path in self.server.broken else 200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"done": true}')

    def log_message(self, *arguments: Any) -> None:
        """Nothing is logged."""
