from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.asgi import get_asgi_application

from executions.clients.bodies import SCOPE_KEY, TOO_LARGE
from stigmer_site.entrance import behind_proxies, bounded, secure_sockets
from tests.waiting import PATIENCE_SECONDS


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


@pytest.mark.parametrize(
    "headers", [(), ((b"content-length", b"11"),), ((b"content-length", b"9" * 400),)]
)
def test_of_a_larger_body_nothing_arrives_but_the_word(headers):
    inside = Inside()
    called(bounded(inside, 10), http(*headers), part(b"12345", True), part(b"678901", True))
    assert inside.body == b"" and inside.scope[SCOPE_KEY] == TOO_LARGE


def test_what_the_server_refused_stays_refused():
    inside = Inside()
    called(bounded(inside, 10), http(**{SCOPE_KEY: "busy"}), part(b"", False))
    assert inside.scope[SCOPE_KEY] == "busy"


EMPTY, LEFT = part(b"", False), {"type": "http.disconnect"}
REFUSED = [
    pytest.param(http(**{SCOPE_KEY: TOO_LARGE}), [EMPTY], id="by the server, which sends no body"),
    pytest.param(
        http(**{SCOPE_KEY: "busy"}), [part(b"1", True), part(b"", False)], id="by the server"
    ),
    pytest.param(
        http((b"content-length", b"11")),
        [part(b"12345", True), part(b"678901", False)],
        id="by its header",
    ),
    pytest.param(
        http(), [part(b"x" * 11, True), part(b"y", True), part(b"z", False)], id="by its size"
    ),
]


@pytest.mark.parametrize(("scope", "messages"), REFUSED)
def test_after_a_refused_body_an_application_hears_nothing_but_that_the_client_left(
    scope, messages
):
    heard: list[dict[str, Any]] = []

    async def listening(scope: dict[str, Any], receive: Any, send: Any) -> None:
        heard.extend([await receive(), await receive()])

    called(bounded(listening, 10), scope, *messages, LEFT)
    assert heard == [EMPTY, LEFT]


@pytest.mark.parametrize(
    "path", ["/healthz", "/metrics", "/api/v1/workflows", "/log-in", "/admin/login/", "/nowhere"]
)
@pytest.mark.parametrize(("scope", "messages"), REFUSED)
def test_a_refusal_that_takes_long_to_write_is_not_cut_short_by_the_rest_of_the_body(
    path, scope, messages
):
    """The server answers 500 for an application that ended in an error and has not answered yet."""
    status = 503 if scope.get(SCOPE_KEY) == "busy" else 413
    asked = {
        **scope,
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
    }
    asked["headers"] = [*scope["headers"], (b"host", b"localhost")]

    async def scenario() -> list[dict[str, Any]]:
        client = ApplicationCommunicator(bounded(get_asgi_application(), 10), asked)
        for message in messages:
            await client.send_input(message)
        answers = [await client.receive_output(PATIENCE_SECONDS)]
        while answers[-1].get("more_body", answers[-1]["type"] == "http.response.start"):
            answers.append(await client.receive_output(PATIENCE_SECONDS))
        await client.wait(PATIENCE_SECONDS)
        return answers

    assert asyncio.run(scenario())[0]["status"] == status


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
    called(
        behind_proxies(inside, 1),
        scope | {"headers": ((b"x-forwarded-proto", b"https"),)},
        part(b"", False),
    )
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
