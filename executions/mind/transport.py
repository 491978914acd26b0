"""How the mind's requests travel: as httpx2 sends them, over connections that are read at beats
(:mod:`executions.mind.network`); what was read together of an answer is merged
(:mod:`executions.mind.merging`) and given together.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore2
import httpx2

from executions.mind.merging import Finds, Merging
from executions.mind.network import Network

# So many pieces may wait to be taken; then reading waits.
MOST_PIECES = 1_000
MOST_IDLE_CONNECTIONS = 32
IDLE_SECONDS = 5.0


class Transport(httpx2.AsyncBaseTransport):
    """``finds`` says which events of an answer are merged; None: those of none. ``trust`` is whom
    it trusts, where that is not whom httpx2 does.
    """

    def __init__(self, finds: Finds | None, trust: ssl.SSLContext | None = None) -> None:
        self._finds = finds
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=trust or httpx2.create_ssl_context(trust_env=False),
            max_connections=None,
            max_keepalive_connections=MOST_IDLE_CONNECTIONS,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=Network(),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        url = request.url
        wire = httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _errors_of_httpx():
            answer = await self._pool.handle_async_request(wire)
        headers = httpx2.Headers(answer.headers)
        is_plain = headers.get("content-encoding", "identity") == "identity"
        is_merged = is_plain and headers.get("content-type", "").startswith("text/event-stream")
        finds = self._finds if is_merged else None
        stream = Answer(answer.stream, Merging(finds) if finds else None)
        return httpx2.Response(
            answer.status, headers=headers, stream=stream, extensions=answer.extensions
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class Answer(httpx2.AsyncByteStream):
    """The body of an answer. A task reads it, so that all is given together that was read together.
    A reader may begin anew where another left off, which drains the rest.
    """

    def __init__(self, source: Any, merging: Merging | None) -> None:
        self._source: AsyncIterable[bytes] = source
        self._merging = merging
        # None says that it has ended.
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue(MOST_PIECES)
        self._is_over = False
        self._reading: asyncio.Task[None] | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())
        while not self._is_over:
            pieces = [await self._pieces.get()]
            while not self._pieces.empty():
                pieces.append(self._pieces.get_nowait())
            self._is_over = pieces[-1] is None
            data = b"".join(piece for piece in pieces if piece is not None)
            if self._merging is not None:
                data = self._merging.feed(data) + (self._merging.end() if self._is_over else b"")
            if data:
                yield data
        await self._reading

    async def aclose(self) -> None:
        try:
            if self._reading is not None:
                self._reading.cancel()
                # Its error, if it had one, was raised to whoever took the pieces.
                await asyncio.gather(self._reading, return_exceptions=True)
        finally:
            await self._source.aclose()  # type: ignore[attr-defined]

    async def _read(self) -> None:
        try:
            with _errors_of_httpx():
                async for piece in self._source:
                    await self._pieces.put(piece)
        except Exception:
            await self._pieces.put(None)
            raise
        await self._pieces.put(None)


@contextmanager
def _errors_of_httpx() -> Iterator[None]:
    """Both libraries call them the same."""
    try:
        yield
    except (
        httpcore2.TimeoutException,
        httpcore2.NetworkError,
        httpcore2.ProtocolError,
        httpcore2.ProxyError,
        httpcore2.UnsupportedProtocol,
    ) as error:
        kind = getattr(httpx2, type(error).__name__, httpx2.TransportError)
        raise kind(str(error)) from error
