"""The entrance before the application, whichever server runs it: who calls, and how much."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from executions.clients import addresses
from executions.clients.bodies import SCOPE_KEY, TOO_LARGE
from executions.live.closing import Close

log = structlog.get_logger(__name__)
App = Callable[..., Awaitable[None]]
_SECURE = {"http": "https", "websocket": "wss"}


def behind_proxies(application: App, hops: int) -> App:
    """The application as it is called by the clients of ``hops`` proxies of ours."""
    was_told = False

    async def called(scope: dict[str, Any], receive: Any, send: Any) -> None:
        nonlocal was_told
        if scope["type"] not in _SECURE:
            await application(scope, receive, send)
            return
        if not hops and not was_told and _lines(scope, b"x-forwarded-for"):
            was_told = True
            log.warning(
                "X-Forwarded-For came and STIGMER_PROXIES is 0: behind a proxy all callers count"
                " as one"
            )
        peer, port = scope.get("client") or ("", 0)
        address = addresses.client_address(peer, _lines(scope, b"x-forwarded-for"), hops)
        secure = _SECURE[scope["type"]]
        used = "https" if scope.get("scheme") == secure else "http"
        scheme = addresses.client_scheme(used, _lines(scope, b"x-forwarded-proto"), hops)
        scheme = secure if scheme == "https" else secure.removesuffix("s")
        client = [address, port if address == peer else 0]
        await application(scope | {"client": client, "scheme": scheme}, receive, send)

    return called


def secure_sockets(application: App) -> App:
    """The sockets of the application, but none by plain ``ws``: its handshake is refused."""

    async def called(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope.get("scheme") == "wss":
            await application(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": Close.NOT_ALLOWED})

    return called


def bounded(application: App, body_bytes: int) -> App:
    """The application, which is given whole bodies of at most ``body_bytes``, and of larger ones
    nothing but the word that they are (``scope["stigmer.refusal"]``)."""

    async def called(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        if not scope.get(SCOPE_KEY) and not _is_announced(scope, body_bytes):
            parts = await _body(receive, body_bytes)
            if parts is not None:
                await application(scope, _replayed(parts, receive), send)
                return
        why = scope.get(SCOPE_KEY) or TOO_LARGE
        await application(scope | {SCOPE_KEY: why}, _without_body(receive), send)

    return called


_EMPTY = {"type": "http.request", "body": b"", "more_body": False}


def _is_announced(scope: dict[str, Any], body_bytes: int) -> bool:
    """Whether the header says already that the body is too large."""
    return any(
        text.isdigit() and (len(text) > 18 or int(text) > body_bytes)
        for text in _lines(scope, b"content-length")
    )


async def _body(receive: Any, body_bytes: int) -> list[dict[str, Any]] | None:
    """The messages of a whole body, or of a client that left; None for one that is too large."""
    parts, count = [], 0
    while True:
        message = await receive()
        parts.append(message)
        count += len(message.get("body", b""))
        if count > body_bytes:
            return None
        if message["type"] != "http.request" or not message.get("more_body", False):
            return parts


def _replayed(parts: list[dict[str, Any]], receive: Any) -> Callable[[], Awaitable[dict[str, Any]]]:
    """A ``receive`` that gives these messages first."""
    waiting = iter(parts)

    async def receive_body() -> dict[str, Any]:
        for message in waiting:
            return message
        later: dict[str, Any] = await receive()
        return later

    return receive_body


def _without_body(receive: Any) -> Callable[[], Awaitable[dict[str, Any]]]:
    """A ``receive`` that gives an empty body, and then that the client left.

    The rest of the body is thrown away: to an application that was given a whole body it would be a
    breach of the protocol, on which Django ends the request with an error.
    """
    was_given = False

    async def receive_body() -> dict[str, Any]:
        nonlocal was_given
        if not was_given:
            was_given = True
            return dict(_EMPTY)
        while True:
            message: dict[str, Any] = await receive()
            if message["type"] != "http.request":
                return message

    return receive_body


def _lines(scope: dict[str, Any], name: bytes) -> list[str]:
    return [value.decode("latin-1") for header, value in scope["headers"] if header == name]
