"""Lets requests to ``/mcp`` in: from hosts and origins of ours, with a token, not too often."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import close_old_connections
from django.http.request import split_domain_port, validate_host

from executions import tokens
from executions.accounts import confirming
from executions.api import rates
from executions.api.problems import Problem
from executions.clients.bodies import SCOPE_KEY
from executions.clients.rates import guessed
from executions.models import ApiToken

PATH = "/mcp"
App = Callable[..., Awaitable[None]]


class NotLetIn(Exception):
    """The status of the answer, why, and how long to wait."""

    def __init__(self, status: int, why: str, retry_after: str = "") -> None:
        super().__init__(why)
        self.status, self.why, self.retry_after = status, why, retry_after


def beside(application: App) -> App:
    """The application, and the MCP server at its path."""

    async def called(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["path"].rstrip("/") != PATH:
            await application(scope, receive, send)
            return
        try:
            _check_where_from(scope)
            token = await sync_to_async(_let_in, thread_sensitive=False)(scope)
        except NotLetIn as refused:
            await _refuse(send, refused)
            return
        # The library is loaded with the first request: who has no use for it pays nothing.
        from executions.toolbox import serving

        await serving.serving().handle(scope | {serving.TOKEN: token}, receive, send)

    return called


def _check_where_from(scope: dict[str, Any]) -> None:
    """No other site may speak through somebody's browser, by whatever name it reached us."""
    if scope.get(SCOPE_KEY):
        raise NotLetIn(413, "The body is too large.")
    host = _header(scope, b"host")
    if not validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS):
        raise NotLetIn(421, "This host is none of ours (STIGMER_URL).")
    origin = _header(scope, b"origin")
    if origin and origin not in settings.STIGMER_ORIGINS:
        raise NotLetIn(403, "This origin is none of ours (STIGMER_URL).")
    if settings.STIGMER_HTTPS and scope.get("scheme") != "https":
        raise NotLetIn(403, "Tokens are taken by https only.")


def _let_in(scope: dict[str, Any]) -> ApiToken:
    close_old_connections()
    try:
        method, _, secret = _header(scope, b"authorization").partition(" ")
        if method.lower() != "bearer" or not secret.strip():
            raise NotLetIn(401, "The header Authorization has to read `Bearer <token>`.")
        token = tokens.recognise(secret.strip())
        if token is None:
            if guessed(str((scope.get("client") or [""])[0])):
                raise NotLetIn(429, "Too many unknown tokens came from this address.", "60")
            raise NotLetIn(401, "The token is unknown, expired or revoked.")
        confirming.by_token(token)
        try:
            rates.take(f"user:{token.owner_id}")
        except Problem as problem:
            wait = dict(problem.headers or {}).get("Retry-After", "1")
            raise NotLetIn(429, str(problem.detail), wait) from problem
        return token
    finally:
        close_old_connections()


def _header(scope: dict[str, Any], name: bytes) -> str:
    values = [value for key, value in scope["headers"] if key == name]
    return values[0].decode("latin-1") if len(values) == 1 else ""


async def _refuse(send: Any, refused: NotLetIn) -> None:
    body = json.dumps({"error": refused.why}).encode()
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    if refused.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if refused.retry_after:
        headers.append((b"retry-after", refused.retry_after.encode()))
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
