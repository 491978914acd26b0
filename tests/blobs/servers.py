"""Storages that speak S3 on loopback: a real one, which verifies signatures and digests, and one
that answers as a test says.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import uvicorn
from nanio.app import build_app
from nanio.auth.credentials import StaticCredentialResolver
from nanio.config import Settings

from tests.waiting import until

KEY, SECRET, BUCKET = "a-key", "a-secret-that-is-long", "files"


@contextmanager
def storage(folder: Path, certificate: Path | None = None) -> Iterator[str]:
    """The address of a running storage whose bucket is a folder. With a folder that holds a
    certificate and its key it speaks TLS.
    """
    (folder / BUCKET).mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        credentials = StaticCredentialResolver({KEY: SECRET})
        app = build_app(Settings(data_dir=folder, credentials=credentials))
        tls: dict[str, Any] = {}
        if certificate is not None:
            tls["ssl_certfile"] = str(certificate / "cert.pem")
            tls["ssl_keyfile"] = str(certificate / "key.pem")
        config = uvicorn.Config(app, loop="asyncio", http="h11", ws="none", log_config=None, **tls)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            until(lambda: server.started, what="the storage listens")
            scheme = "https" if tls else "http"
            yield f"s3://{BUCKET}/of/stigmer?endpoint={scheme}://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def nobody() -> Iterator[str]:
    """The address of a storage that is away: its port is held, and nobody listens there."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"s3://{BUCKET}?endpoint=http://127.0.0.1:{held.getsockname()[1]}"


Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """The address of a server that answers each request by this function."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            answer(self)

        do_GET = do_HEAD = do_PUT = do_DELETE = _answer

        def log_message(self, *told: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"s3://{BUCKET}?endpoint=http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def say(handler: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    """One answer."""
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body)
