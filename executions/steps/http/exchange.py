"""Sends a request, follows redirects where asked, and reads the answer; runs on the call loop."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import httpcore
import httpx

from executions.steps.http import content, target
from executions.steps.http.network import CONNECT_SECONDS
from executions.steps.http.refusal import not_sendable, unusable
from executions.steps.http.request import UNSAFE_METHODS, Request

MAX_REDIRECTS = 3
ERROR_BODY_BYTES = 65_536
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FOLLOWS_ACROSS = frozenset({"accept", "accept-language", "content-type"})


@dataclass(slots=True)
class Progress:
    """What is known about the call while it runs, read by whoever ends it from outside."""

    what: str
    sent: bool = False

    async def trace(self, event: str, _info: dict[str, Any]) -> None:
        """Called by httpcore at each stage: from here on the other side may have acted."""
        if event.endswith("send_request_headers.started"):
            self.sent = True


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer and the request that it belongs to, the last one where redirects were followed."""

    request: Request
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def is_accepted(self) -> bool:
        """Whether the DSL takes this status as success: 2xx, and 3xx too where ``redirect`` is set."""
        return 200 <= self.status < (400 if self.request.redirect else 300)


async def exchange(pool: httpcore.AsyncConnectionPool, request: Request, limit: int, progress: Progress) -> Answer:
    """The final answer to ``request``; raises a Refusal or an error of httpcore."""
    for _ in range(MAX_REDIRECTS + 1):
        answer, location = await _once(pool, request, limit, progress)
        if location is None:
            return answer
        request = redirected(request, answer.status, location)
        progress.what = f"{request.method} {without_query(request.url)}"
    raise unusable(f"{progress.what}: more than {MAX_REDIRECTS} redirects", "too many redirects")


async def _once(
    pool: httpcore.AsyncConnectionPool, request: Request, limit: int, progress: Progress
) -> tuple[Answer, str | None]:
    url = request.url
    wire = httpcore.Request(
        request.method,
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=_wire_headers(request),
        content=request.body,
        extensions={"timeout": {"connect": CONNECT_SECONDS}, "trace": progress.trace},
    )
    response = await pool.handle_async_request(wire)
    try:
        headers = _read_headers(response.headers)
        answer = Answer(request, response.status, headers)
        if request.redirect and response.status in _REDIRECTS and headers.get("location"):
            return answer, headers["location"]
        return replace(answer, body=await _body(response.aiter_stream(), answer, limit)), None
    finally:
        await response.aclose()


async def _body(stream: Any, answer: Answer, limit: int) -> bytes:
    encoding = answer.headers.get("content-encoding", "")
    if answer.request.method == "HEAD":
        return b""
    if answer.is_accepted():
        return await content.read(stream, encoding, limit)
    try:
        return await content.read(stream, encoding, ERROR_BODY_BYTES, cut=True)
    except Exception:
        return b""  # the status is the news; a broken explanation of it must not hide it


def redirected(request: Request, status: int, location: str) -> Request:
    """The request that follows a redirect; credentials, own headers and bodies do not go to another origin."""
    url = _join(request.url, location)
    moved = replace(request, url=url)
    becomes_get = (status == 303 and request.method != "HEAD") or (status in (301, 302) and request.method == "POST")
    if becomes_get:
        moved = replace(moved, method="GET", body=None, headers=_keep(request, drop=_BODY_HEADERS))
    if target.origin_of(url) == target.origin_of(request.url):
        return moved
    if request.url.scheme == "https" and url.scheme == "http":
        raise unusable(f"redirected from https to http at {url.host}; that is not followed", "redirect refused")
    if moved.body is not None:
        raise unusable(
            f"redirected with its body to another host, {url.host}; that is not followed", "redirect refused"
        )
    foreign = request.own - _FOLLOWS_ACROSS
    return replace(moved, headers={name: value for name, value in moved.headers.items() if name not in foreign})


_BODY_HEADERS = frozenset({"content-type", "content-encoding", "content-language", "idempotency-key"})


def without_query(url: httpx.URL) -> str:
    """The URL as errors show it: the query may hold what nobody should read."""
    return str(url.copy_with(query=None, fragment=None))


def _keep(request: Request, drop: frozenset[str]) -> dict[str, str]:
    return {name: value for name, value in request.headers.items() if name not in drop}


def _join(url: httpx.URL, location: str) -> httpx.URL:
    try:
        joined = str(url.join(location))
    except (httpx.InvalidURL, ValueError) as error:
        raise not_sendable(f"redirected to {location[:200]!r}, which is not a URL: {error}") from None
    return target.parse(joined)


def _wire_headers(request: Request) -> list[tuple[bytes, bytes]]:
    headers = [(b"host", request.url.netloc)]
    headers += [(name.encode("ascii"), value.encode("utf-8")) for name, value in request.headers.items()]
    if request.body is not None or request.method in UNSAFE_METHODS:
        headers.append((b"content-length", b"%d" % len(request.body or b"")))
    return headers


def _read_headers(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers
