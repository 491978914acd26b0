"""The other side of the step that is interrupted: notes when each call arrived; the first with a
key gets no answer.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LONGEST_SECONDS = 120.0


class Witness(ThreadingHTTPServer):
    """``arrivals`` are moments (seconds since the epoch) by the id of the execution; use it as a
    context manager.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.arrivals: defaultdict[str, list[float]] = defaultdict(list)
        self.released = threading.Event()
        threading.Thread(target=self.serve_forever, name="witness", daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/step"

    def release(self) -> None:
        """Answer the calls that were kept waiting; those that come later wait again."""
        self.released.set()
        self.released = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever called was killed: that is what it is here for."""

    def server_close(self) -> None:
        """At the end of the context: nobody waits any longer, and nobody listens."""
        self.release()
        self.shutdown()
        super().server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Witness
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        arrivals = self.server.arrivals[self.headers.get("Idempotency-Key", "").partition("/")[0]]
        arrivals.append(time.time())
        if len(arrivals) == 1:
            self.server.released.wait(LONGEST_SECONDS)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: Any) -> None:
        pass
