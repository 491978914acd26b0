from __future__ import annotations

import asyncio
from typing import Any

import pytest

from executions.clients.bodies import SCOPE_KEY, TOO_LARGE
from stigmer_site.entrance import behind_proxies, bounded, secure_sockets


def called(application: Any, scope: dict[str, Any], *messages: dict[str, Any]) -> None:
    waiting = list(messages)

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    asyncio.run(application(scope, receive, None))


class Inside:
    """Keeps what it was called with."""

    def __init__(self) -> None:
        self.scope: dict[str, Any] = {}
        self.body = b""

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.scope = scope
        more = True
        while more:
            message = await receive()
            self.body += message.get("body", b"")
            more = message.get("more_body", False)


def http(*headers: tuple[bytes, bytes], **more: Any) -> dict[str, Any]:
    return {"type": "http", "scheme": "http", "client": ["10.0.0.1", 5], "headers": headers, **more}


def part(body: bytes, more: bool) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_body_within_the_bound_arrives_whole():
    inside = Inside()
    called(bounded(inside, 10), http(), part(b"12345", True), part(b"67890", False))
    assert inside.body == b"1234567890" and SCOPE_KEY not in inside.scope


@pytest.mark.parametrize("headers", [(), ((b"content-length", b"11"),), ((b"content-length", b"9" * 400),)])
def test_of_a_larger_body_nothing_arrives_but_the_word(headers):
    inside = Inside()
    called(bounded(inside, 10), http(*headers), part(b"12345", True), part(b"678901", True))
    assert inside.body == b"" and inside.scope[SCOPE_KEY] == TOO_LARGE


def test_what_the_server_refused_stays_refused():
    inside = Inside()
    called(bounded(inside, 10), http(**{SCOPE_KEY: "busy"}), part(b"", False))
    assert inside.scope[SCOPE_KEY] == "busy"


def test_who_calls_is_what_our_proxy_saw_and_not_what_the_caller_says():
    inside = Inside()
    headers = ((b"x-forwarded-for", b"1.1.1.1, 192.0.2.7"), (b"x-forwarded-proto", b"https"))
    called(behind_proxies(inside, 1), http(*headers), part(b"", False))
    assert (inside.scope["client"], inside.scope["scheme"]) == (["192.0.2.7", 0], "https")
    called(behind_proxies(inside, 0), http(*headers), part(b"", False))
    assert (inside.scope["client"], inside.scope["scheme"]) == (["10.0.0.1", 5], "http")


def test_a_proxy_that_nobody_declared_is_told_of_once(caplog):
    application = behind_proxies(Inside(), 0)
    for _ in range(3):
        called(application, http((b"x-forwarded-for", b"192.0.2.7")), part(b"", False))
    assert sum("STIGMER_PROXIES is 0" in str(each.msg) for each in caplog.records) == 1


def test_a_socket_behind_a_proxy_is_as_secure_as_the_proxy_says():
    inside = Inside()
    scope = {"type": "websocket", "client": ["10.0.0.1", 5]}
    called(behind_proxies(inside, 1), scope | {"headers": ((b"x-forwarded-proto", b"https"),)}, part(b"", False))
    assert inside.scope["scheme"] == "wss"
    called(behind_proxies(inside, 1), scope | {"headers": ()}, part(b"", False))
    assert inside.scope["scheme"] == "ws"


def test_a_socket_by_plain_ws_is_refused_where_https_is_on():
    said: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    inside = Inside()

    async def scenario() -> None:
        await secure_sockets(inside)({"type": "websocket", "scheme": "ws"}, receive, send)

    asyncio.run(scenario())
    assert said == [{"type": "websocket.close", "code": 4403}] and not inside.scope
    called(secure_sockets(inside), {"type": "websocket", "scheme": "wss"}, part(b"", False))
    assert inside.scope["scheme"] == "wss"
