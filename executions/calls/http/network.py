"""Makes the connections of HTTP calls: resolve, vet every address, connect to one that was vetted.

httpcore keeps the URL's host for the Host header, SNI and the certificate check; only the address
comes from here. Proxies named in the environment play no part.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import httpcore

from executions.calls.http.egress import ONLY, Egress
from executions.calls.http.progress import listening
from executions.calls.http.refusal import egress_refused
from executions.hosts import Address, addresses_of, parse_address

CONNECT_SECONDS = 10.0
MAX_ADDRESSES = 4

Resolve = Callable[[str, int], Awaitable[list[Address]]]


class NameNotFound(httpcore.ConnectError):
    """The host name did not resolve."""


async def resolve(host: str, port: int) -> list[Address]:
    """The addresses of a host, in the order in which the system prefers them."""
    address = parse_address(host)
    if address is not None:
        return [address]
    try:
        infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NameNotFound(f"the name {host} did not resolve: {error}") from None
    return addresses_of(infos)


class HeardStream(httpcore.AsyncNetworkStream):
    """A connection that tells the call that reads from it what it heard: the status counts,
    whatever follows it.
    """

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = await self._stream.read(max_bytes, timeout)
        if (progress := listening.get()) is not None:
            progress.hear(data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return HeardStream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class VettedBackend(httpcore.AsyncNetworkBackend):
    """A network backend that connects only where ``egress`` allows it."""

    def __init__(self, egress: Egress, resolve: Resolve = resolve) -> None:
        self._egress = egress
        self._resolve = resolve
        self._plain = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A stream to the first vetted address that answers; all addresses of the name have to
        pass.
        """
        addresses = await self._vetted(host, port)
        last: Exception | None = None
        for address in addresses[:MAX_ADDRESSES]:
            try:
                stream = await self._plain.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
                return HeardStream(stream)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last or NameNotFound(f"the name {host} has no address")

    async def _vetted(self, host: str, port: int) -> list[Address]:
        target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        if not self._egress.is_listed(host, port):
            raise egress_refused(
                target, "it is not on the list of hosts that may be called", ONLY, host
            )
        if self._egress.is_confined(host, port):
            raise egress_refused(target, "`hosts` of the agent that this is for leaves it out")
        addresses = await self._resolve(host, port)
        for address in addresses:
            if not self._egress.reaches(host, port, address):
                subject = "it" if str(address) == host else f"its address {address}"
                raise egress_refused(target, f"{subject} is not a public internet address")
        return addresses

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
