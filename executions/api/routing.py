"""Addresses of the API's sockets, and which credentials a handshake is judged by."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from channels.routing import URLRouter
from django.urls import re_path

from executions.api.live import access
from executions.api.live.socket import FollowConsumer
from executions.live.closing import Close

PREFIX = "/ws/api/"
App = Callable[..., Awaitable[Any]]

websocket_urlpatterns = [
    re_path(
        r"^ws/api/v1/(?P<kind>workflow|agent)-executions/(?P<execution_id>[a-z0-9-]{1,40})/events$",
        FollowConsumer.as_asgi(),
    )
]


async def nowhere(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The socket of an address that is not known: its handshake is refused."""
    await receive()
    await send({"type": "websocket.close", "code": Close.NOTHING_HERE})


unknown = re_path("", nowhere)  # type: ignore[arg-type]  # the stubs know views alone


def tokens_beside(others: App) -> App:
    """The sockets of an ASGI application: a handshake to the API with a token needs no origin and
    no session, and is given none; all others are judged by ``others``.
    """
    with_token = URLRouter([*websocket_urlpatterns, unknown])

    async def chosen(scope: dict[str, Any], receive: Any, send: Any) -> None:
        is_ours = scope["path"].startswith(PREFIX) and access.has_token(scope)
        await (with_token if is_ours else others)(scope, receive, send)

    return chosen
