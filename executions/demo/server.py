"""The shop as a web service: its endpoints, its page, and the control by which a person or a test
makes it fail.
"""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import unquote, urlsplit

from executions.demo import chat, messages
from executions.demo.calls import Call, Calls
from executions.demo.faults import OPERATIONS, Fault, Faults, read_fault
from executions.demo.model import BadRequest, Cut, DemoModel, Playing, Unplayed
from executions.demo.shop import Answer, Shop

MAX_BODY_BYTES = 65_536
# A conversation is sent whole with each request.
MAX_CONVERSATION_BYTES = 16 * 1024 * 1024
IDLE_SECONDS = 30
PAGE = Path(__file__).parent / "page"
ASSETS = {
    "/": ("page.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
}
# The demonstration model speaks each of these protocols.
PROTOCOLS: dict[str, Any] = {chat.PATH: chat, messages.PATH: messages}
EFFECT_PATHS = {"/reservations": "reserve", "/payments": "charge", "/shipments": "ship"}
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class ShopServer(ThreadingHTTPServer):
    """One thread per connection; ``port`` 0 takes a free one. ``address`` is where it listens."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, host: str, port: int, folder: Path) -> None:
        super().__init__((host, port), ShopHandler)
        self.shop, self.faults, self.calls = Shop(folder), Faults(), Calls()
        self.stopping = threading.Event()
        self.model = DemoModel(folder, self.stopping)
        self.host, self.port = host, int(self.server_address[1])
        self.address = f"http://{host}:{self.port}/"

    def stop(self) -> None:
        """End waiting calls and the loop of :meth:`serve_forever`."""
        self.stopping.set()
        self.faults.clear()
        self.shutdown()

    def state(self) -> dict[str, Any]:
        """Everything that the page shows."""
        return {
            "faults": self.faults.as_json(),
            "calls": self.calls.as_json(),
            "counts": self.shop.counts(),
            "stock": dict(self.shop.stock),
        }

    def control(self, asked: Any) -> None:
        """Set or take away a fault, or start anew; ValueError says what is wrong."""
        if not isinstance(asked, dict):
            raise ValueError(
                'expected an object such as {"operation": "charge", "fault": "unavailable",'
                ' "times": 2}'
            )
        if asked.get("reset") is True:
            self.faults.clear()
            self.calls.clear()
            self.shop.restock()
            return
        if asked.get("operation") not in OPERATIONS:
            raise ValueError(f"operation: expected one of {', '.join(OPERATIONS)}")
        self.faults.set(asked["operation"], read_fault(asked))


class ShopHandler(BaseHTTPRequestHandler):
    """Reads one request, finds its operation, lets a fault have its way, answers."""

    server: ShopServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "shop", ""
    timeout = IDLE_SECONDS
    wbufsize = 65_536
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path in ASSETS:
            self._asset(*ASSETS[path])
        elif path in ("/state", "/ledger"):
            self._reply(
                200, self.server.state() if path == "/state" else self.server.shop.entries()
            )
        elif path.startswith("/stock/"):
            self._operate(
                "stock", lambda: self.server.shop.look_up(unquote(path.removeprefix("/stock/")))
            )
        elif path == "/v1/models":
            self._reply(200, self.server.model.models())
        elif path == "/v1/ledger":
            self._reply(200, self.server.model.ledger.entries())
        elif path == "/health":
            self._operate("health", lambda: Answer(200, {"status": "ok"}, "healthy"))
        elif path.startswith("/links/"):
            self._link(path.removeprefix("/links/"))
        else:
            self._reply(404, {"error": f"nothing at {path}"})

    do_HEAD = do_GET

    def do_POST(self) -> None:
        path = urlsplit(self.path).path
        is_conversation = path in PROTOCOLS
        try:
            body = self._read_json(MAX_CONVERSATION_BYTES if is_conversation else MAX_BODY_BYTES)
        except ValueError as error:
            self._reply(400, {"error": str(error)})
            return
        if is_conversation:
            self._converse(PROTOCOLS[path], body)
        elif path == "/control":
            self._control(body)
        elif path in EFFECT_PATHS:
            effect, key = EFFECT_PATHS[path], self.headers.get("Idempotency-Key")
            self._operate(effect, lambda: self.server.shop.perform(effect, body, key))
        else:
            self._reply(404, {"error": f"nothing at {path}"})

    def _converse(self, protocol: Any, body: Any) -> None:
        answer: Playing | Unplayed
        try:
            answer = self.server.model.play(protocol.read(body))
        except BadRequest as problem:
            answer = Unplayed(400, str(problem), "invalid_request_error")
        if isinstance(answer, Unplayed):
            self._reply(answer.status, protocol.refused(answer), answer.headers())
            return
        try:
            if body.get("stream"):
                self._stream(protocol.stream(answer, body))
            else:
                self._reply(200, protocol.whole(answer))
        except Cut:
            self.close_connection = True

    def _stream(self, events: Iterable[bytes]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in events:
            self._chunk(event)
        self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _operate(self, operation: str, work: Any) -> None:
        key = self.headers.get("Idempotency-Key")
        call = self.server.calls.begin(operation, self.command, self.path, key)
        fault = self.server.faults.take(operation)
        if fault is None:
            self._finish(call, work())
        elif fault.kind in ("unavailable", "reject"):
            self._finish(call, _refusal(fault.kind))
        else:
            self._misbehave(operation, call, fault, work)

    def _misbehave(self, operation: str, call: Call, fault: Fault, work: Any) -> None:
        calls, faults = self.server.calls, self.server.faults
        if fault.kind == "slow":
            calls.end(call, None, f"slow: works in {fault.seconds:g} s")
            faults.wait(operation, fault.seconds)
            self._finish(call, work())
            return
        answer: Answer = work()
        self.close_connection = True
        if fault.kind == "hang":
            calls.end(call, None, f"{answer.said}, but silent for {fault.seconds:g} s")
            faults.wait(operation, fault.seconds)
            if not self.server.stopping.is_set():
                self._finish(call, answer)
        else:
            calls.end(call, None, f"{answer.said}, but the answer got lost")

    def _finish(self, call: Call, answer: Answer) -> None:
        self.server.calls.end(call, answer.status, answer.said)
        self._reply(answer.status, answer.body, answer.headers)

    def _link(self, name: str) -> None:
        status = {"fine": 200, "moved": 301, "gone": 410, "missing": 404, "broken": 500}.get(
            name, 404
        )
        headers = {"Location": "/links/fine"} if status == 301 else {}
        self._reply(status, {"link": name, "status": status}, headers)

    def _control(self, body: Any) -> None:
        refusal = self._foreign()
        if refusal:
            self._reply(403, {"error": refusal})
            return
        try:
            self.server.control(body)
        except ValueError as error:
            self._reply(400, {"error": str(error)})
        else:
            self._reply(200, self.server.state())

    def _foreign(self) -> str | None:
        """Why this control request may come from another site's page; None where it cannot."""
        own = {
            f"{host}:{self.server.port}"
            for host in ("127.0.0.1", "localhost", "[::1]", self.server.host)
        }
        if self.headers.get("Host", "").lower() not in own:
            return "the Host header names another site"
        origin = self.headers.get("Origin")
        if origin is not None and origin.lower() not in {f"http://{host}" for host in own}:
            return "the request comes from the page of another site"
        if self.headers.get_content_type() != "application/json":
            return "send it as application/json"
        return None

    def _read_json(self, most_bytes: int) -> Any:
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit()) or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            raise ValueError("Content-Length: expected the number of bytes that follow")
        if int(length) > most_bytes:
            self.close_connection = True
            raise ValueError(f"the body is larger than {most_bytes} bytes")
        try:
            return json.loads(self.rfile.read(int(length)) or b"null", parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"the body is not JSON: {error}") from None

    def _asset(self, name: str, kind: str) -> None:
        self._send(
            200,
            (PAGE / name).read_bytes(),
            f"{kind}; charset=utf-8",
            {"Content-Security-Policy": PAGE_POLICY},
        )

    def _reply(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        self._send(
            status, json.dumps(body, ensure_ascii=False).encode(), "application/json", headers or {}
        )

    def _send(self, status: int, body: bytes, kind: str, headers: dict[str, str]) -> None:
        common = {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
        }
        self.send_response(status)
        for name, value in {**common, "X-Content-Type-Options": "nosniff", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = (
                True  # the caller lost patience; its effects are in the ledger all the same
            )

    def finish(self) -> None:
        try:
            super().finish()
        except ConnectionError:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """The page shows the calls; the log of the process stays readable."""


def serve(host: str, port: int, folder: Path) -> None:
    """Run the shop until SIGTERM or Ctrl-C; prints its address and writes it to
    ``folder/address``.
    """
    with ShopServer(host, port, folder) as server:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: threading.Thread(target=server.stop).start())
        (folder / "address").write_text(server.address, encoding="utf-8")
        print(f"demo shop: {server.address}", flush=True)
        server.serve_forever(poll_interval=0.1)


def _refusal(kind: str) -> Answer:
    if kind == "reject":
        return Answer(
            400,
            {"error": "the shop was told to reject this call"},
            "rejected on request, nothing done",
        )
    return Answer(
        503, {"error": "the shop is closed for a moment"}, "closed on request, nothing done"
    )


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")
