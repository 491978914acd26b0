"""The witness: a process of its own that writes down every effect that reaches it, with its key,
and never forgets.

``POST /effect`` is an effect; the body may ask for errors first: ``{"refuse": 2, "status": 503}``
(nothing happened then). ``GET /entries?contains=wex-…`` lists what happened; ``GET
/delay?seconds=…`` says how long answers take from now on. `python -m tests.faults.harness.ledger
FOLDER`.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

PORT_FILE = "ledger.port"


class LedgerServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def __init__(self, folder: Path, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.file = (folder / "effects.jsonl").open("a", encoding="utf-8")
        self.entries: list[dict[str, Any]] = []
        self.refused: Counter[str] = Counter()
        self.lock = threading.Lock()
        self.delay_seconds = 0.0

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever called was killed: that is what it is here for."""


class Handler(BaseHTTPRequestHandler):
    server: LedgerServer
    protocol_version = "HTTP/1.1"
    wbufsize = 65_536
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))) or b"{}")
        key = self.headers.get("Idempotency-Key", "")
        with self.server.lock:
            if self.server.refused[key] < int(body.get("refuse", 0)):
                self.server.refused[key] += 1
                self._answer(int(body.get("status", 503)), {"error": "refused as asked"})
                return
            number = len(self.server.entries) + 1
            entry = {"number": number, "key": key, "body": body, "at": time.time()}
            self.server.entries.append(entry)
            self.server.file.write(json.dumps(entry) + "\n")
            self.server.file.flush()
        time.sleep(self.server.delay_seconds)
        self._answer(200, {"did": body.get("name", "")})

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        if "seconds" in asked:
            self.server.delay_seconds = float(asked["seconds"][0])
        wanted = asked.get("contains", [""])[0]
        with self.server.lock:
            self._answer(200, [entry for entry in self.server.entries if wanted in entry["key"]])

    def _answer(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def main(folder: Path) -> None:
    server = LedgerServer(folder)
    part = folder / (PORT_FILE + ".part")
    part.write_text(str(server.server_address[1]))
    os.rename(part, folder / PORT_FILE)
    server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
