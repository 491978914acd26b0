"""What comes of an answer is read at beats: together, whole, and until it is not wanted."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from executions.mind import network
from executions.mind.merging import chat
from executions.mind.transport import Transport
from tests.calls.http.test_network import certificate_for

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
TOKENS = [
    b'data: {"choices":[{"delta":{"content":"%s"}}]}\n\n' % word for word in (b"a", b"b", b"c")
]
Served = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(autouse=True)
def at_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first byte on."""
    monkeypatch.setattr(network, "QUICK_SECONDS", -1.0)


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def asked(
    serve: Served,
    work: Callable[[httpx2.AsyncClient, str], Awaitable[Any]],
    certificate: tuple[Path, Path] | None = None,
) -> Any:
    """What ``work`` gives with a client and the address of such a server."""
    tls = trust = None
    if certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*certificate)
        trust = ssl.create_default_context(cafile=str(certificate[0]))

    async def both() -> Any:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            try:
                await serve(reader, writer)
            finally:
                writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls)
        where = "https://localhost" if tls else "http://127.0.0.1"
        address = f"{where}:{server.sockets[0].getsockname()[1]}/"
        client = httpx2.AsyncClient(transport=Transport(chat, trust), trust_env=False, timeout=60)
        async with client, server:
            return await work(client, address)

    return asyncio.run(asyncio.wait_for(both(), 60))


async def taken(client: httpx2.AsyncClient, address: str) -> list[bytes]:
    async with client.stream("GET", address) as response:
        return [piece async for piece in response.aiter_raw()]


def test_tokens_that_came_since_the_last_beat_come_together() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        await writer.drain()
        writer.write(b"".join(map(chunk, TOKENS)) + chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")
        await writer.drain()

    together = b'data: {"choices":[{"delta":{"content":"abc"}}]}\n\ndata: [DONE]\n\n'
    assert b"".join(asked(serve, taken)) == together


def test_over_tls_a_beat_takes_all_that_came_though_each_token_is_a_record(tmp_path: Path) -> None:
    """One record a beat would take three minutes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        for _ in range(300):
            for token in TOKENS:
                writer.write(chunk(token))
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    found = b"".join(asked(serve, taken, certificate_for("localhost", tmp_path)))
    events = [json.loads(event.removeprefix(b"data: ")) for event in found.split(b"\n\n") if event]
    assert "".join(event["choices"][0]["delta"]["content"] for event in events) == "abc" * 300


def test_what_came_before_a_cut_is_given_and_then_the_cut() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + chunk(TOKENS[0]) + chunk(b"data: half"))
        await writer.drain()

    async def work(client: httpx2.AsyncClient, address: str) -> bytes:
        found = b""
        with pytest.raises(httpx2.RemoteProtocolError):
            async with client.stream("GET", address) as response:
                async for piece in response.aiter_raw():
                    found += piece
        return found

    assert asked(serve, work) == TOKENS[0] + b"data: half"


def test_an_answer_that_is_not_wanted_any_more_is_broken_off() -> None:
    gone: list[bytes] = []

    async def work(client: httpx2.AsyncClient, address: str) -> bytes:
        async with client.stream("GET", address) as response:
            first = await anext(response.aiter_raw())
        await ended.wait()
        return first

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + chunk(TOKENS[0]))
        await writer.drain()
        gone.append(await reader.read())
        ended.set()

    ended = asyncio.Event()
    assert asked(serve, work) == TOKENS[0]
    assert gone == [b""]


def test_an_answer_without_an_end_is_silent_after_its_time() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + chunk(TOKENS[0]))
        await writer.drain()
        await reader.read()

    async def work(client: httpx2.AsyncClient, address: str) -> None:
        client.timeout = httpx2.Timeout(60, read=0.3)
        with pytest.raises(httpx2.ReadTimeout):
            await taken(client, address)

    asked(serve, work)


def test_who_takes_the_rest_begins_where_another_left_off() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + chunk(TOKENS[0]))
        await writer.drain()
        await first.wait()
        writer.write(chunk(TOKENS[1]) + b"0\r\n\r\n")
        await writer.drain()

    async def work(client: httpx2.AsyncClient, address: str) -> list[bytes]:
        async with client.stream("GET", address) as response:
            stream: Any = response.stream
            found = [await anext(aiter(stream))]
            first.set()
            return found + [piece async for piece in stream]

    first = asyncio.Event()
    assert asked(serve, work) == TOKENS[:2]
