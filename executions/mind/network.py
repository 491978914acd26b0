"""Connections that are read a few times a second, all of them at the same beats.

A token is hardly ever more than a packet. If each is read as it comes the loop wakes for every one,
and the libraries above work for every one; read at a beat, those of an answer come together.
Nothing waits longer than a beat, and nothing of an answer that is quick waits at all. A beat costs
the same for each answer, however much it brings: so where many stream beats come less often.
"""

from __future__ import annotations

import asyncio
import select
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import anyio
import httpcore2
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.tls import TLSAttribute, TLSStream

BEAT_SECONDS = 0.2
# So many answers are read at each beat before beats become rarer, and they become no rarer than
# this: a page that is read along still moves.
MANY = 25
LONGEST_BEAT_SECONDS = 0.8
EARLY_SECONDS = 0.001
# An answer is read at beats once its request was sent so long ago.
QUICK_SECONDS = 0.5
_MOST_BYTES = 65_536
_EXTRA = {
    "ssl_object": TLSAttribute.ssl_object,
    "client_addr": SocketAttribute.local_address,
    "server_addr": SocketAttribute.remote_address,
    "socket": SocketAttribute.raw_socket,
}


class Network(httpcore2.AsyncNetworkBackend):
    """Opens such connections for a pool of httpcore2."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        assert not socket_options
        with (
            _raising(httpcore2.ConnectTimeout, httpcore2.ConnectError),
            anyio.fail_after(timeout),
        ):
            stream = await anyio.connect_tcp(host, port, local_host=local_address)
        return _Connection(_AtBeats(stream))

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)


class Beats:
    """When the next beat is: the same moment for all that wait."""

    def __init__(self) -> None:
        self._next = 0.0
        self._waiting = 0

    def seconds_left(self, now: float) -> float:
        """Until the next beat, for one more that waits for it; ``now`` is the loop's time."""
        # A loop may wake its tasks a little too early.
        if now >= self._next - EARLY_SECONDS:
            # As many as waited for the last one wait again.
            beat = min(BEAT_SECONDS * max(1, -(-self._waiting // MANY)), LONGEST_BEAT_SECONDS)
            self._next, self._waiting = now + beat, 0
        self._waiting += 1
        return self._next - now


_beats = Beats()


class _AtBeats(ByteStream):
    """The transport below TLS: while it is not read the other side's bytes wait in the kernel."""

    def __init__(self, inner: ByteStream) -> None:
        self._inner = inner
        self._asked_at = 0.0
        self._is_emptied = False

    async def receive(self, max_bytes: int = _MOST_BYTES) -> bytes:
        now = asyncio.get_running_loop().time()
        if self._is_emptied and now - self._asked_at > QUICK_SECONDS:
            # All who wait wake in one turn of the loop.
            await asyncio.sleep(_beats.seconds_left(now))
        data = await self._inner.receive(max_bytes)
        self._is_emptied = len(data) < max_bytes
        return data

    async def send(self, item: bytes) -> None:
        self._asked_at, self._is_emptied = asyncio.get_running_loop().time(), False
        await self._inner.send(item)

    async def send_eof(self) -> None:
        await self._inner.send_eof()

    async def aclose(self) -> None:
        await self._inner.aclose()

    @property
    def extra_attributes(self) -> Mapping[Any, Callable[[], Any]]:
        return self._inner.extra_attributes


class _Connection(httpcore2.AsyncNetworkStream):
    """A connection as httpcore2 wants it."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with _raising(httpcore2.ReadTimeout, httpcore2.ReadError), anyio.fail_after(timeout):
            try:
                return await self._stream.receive(max_bytes)
            except anyio.EndOfStream:
                return b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if buffer:
            with _raising(httpcore2.WriteTimeout, httpcore2.WriteError), anyio.fail_after(timeout):
                await self._stream.send(buffer)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            with (
                _raising(httpcore2.ConnectTimeout, httpcore2.ConnectError),
                anyio.fail_after(timeout),
            ):
                stream = await TLSStream.wrap(
                    self._stream,
                    server_side=False,
                    hostname=server_hostname,
                    ssl_context=ssl_context,
                    standard_compatible=False,
                )
        except Exception:
            await self.aclose()
            raise
        return _Connection(stream)

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return _is_readable(self._stream.extra(SocketAttribute.raw_socket, None))
        return self._stream.extra(_EXTRA[info], None) if info in _EXTRA else None


def _is_readable(socket: Any) -> bool:
    """Of a connection that nobody uses: whether the other side has closed it."""
    if socket is None or socket.fileno() < 0:
        return True
    poll = select.poll()
    poll.register(socket.fileno(), select.POLLIN)
    return bool(poll.poll(0))


@contextmanager
def _raising(late: type[Exception], broken: type[Exception]) -> Iterator[None]:
    """Raise the errors of a connection as httpcore2 calls them."""
    try:
        yield
    except TimeoutError as error:
        raise late(str(error)) from error
    except (
        OSError,
        anyio.BrokenResourceError,
        anyio.ClosedResourceError,
        anyio.EndOfStream,
    ) as error:
        raise broken(str(error)) from error
