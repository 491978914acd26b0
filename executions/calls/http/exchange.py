"""Sends a request, follows redirects where asked, and reads the answer; runs on the call loop."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from urllib.parse import quote_from_bytes

import httpcore
import httpx
import structlog

from executions.calls.http import content, target
from executions.calls.http.network import CONNECT_SECONDS
from executions.calls.http.progress import Progress, listening
from executions.calls.http.refusal import not_sendable, unusable
from executions.calls.http.request import UNSAFE_METHODS, Request
from executions.calls.media import MediaType, media_type

log = structlog.get_logger(__name__)

MAX_REDIRECTS = 3
ERROR_BODY_BYTES = 65_536
ERROR_BODY_SECONDS = 5.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FOLLOWS_ACROSS = frozenset({"accept", "accept-language", "content-type"})


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer and the request that it belongs to, the last one where redirects were
    followed.
    """

    request: Request
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def media(self) -> MediaType:
        return media_type(self.headers.get("content-type", ""))


def is_accepted(status: int, request: Request) -> bool:
    """Whether the DSL takes this status as success: 2xx, and 3xx too where ``redirect`` is set."""
    return 200 <= status < (400 if request.redirect else 300)


async def exchange(
    pool: httpcore.AsyncConnectionPool, request: Request, limit: int, progress: Progress
) -> Answer:
    """The final answer to ``request``; raises a Refusal or an error of httpcore."""
    listening.set(progress)
    for _ in range(MAX_REDIRECTS + 1):
        answer, location = await _once(pool, request, limit, progress)
        if location is None:
            return answer
        request = redirected(request, answer.status, location)
        progress.begin(request.name + (" (redirected)" if request.told else ""))
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
        location = _location(response.headers)
        if request.redirect and response.status in _REDIRECTS and location:
            return answer, location
        return replace(answer, body=await _body(response, answer, limit, progress)), None
    finally:
        await response.aclose()


async def _body(
    response: httpcore.Response, answer: Answer, limit: int, progress: Progress
) -> bytes:
    encoding = answer.headers.get("content-encoding", "")
    if answer.request.method == "HEAD":
        return b""
    if is_accepted(answer.status, answer.request):
        return await content.read(response.aiter_stream(), encoding, limit)
    # The status is the news; an explanation of it that is broken, slow or endless must not hide it.
    progress.headers, progress.body = answer.headers, bytearray()
    try:
        async with asyncio.timeout(ERROR_BODY_SECONDS):
            await content.read_beginning(
                response.aiter_stream(), encoding, ERROR_BODY_BYTES, progress.body
            )
    except Exception as broken:
        log.debug(
            "the body of an error could not be read to its end",
            call=progress.what,
            reason=repr(broken),
        )
    return bytes(progress.body)


def redirected(request: Request, status: int, location: str) -> Request:
    """The request that follows a redirect; credentials, own headers and bodies do not go to another
    origin.
    """
    url = _join(request, location)
    moved = replace(request, url=url)
    becomes_get = (status == 303 and request.method != "HEAD") or (
        status in (301, 302) and request.method == "POST"
    )
    if becomes_get:
        moved = replace(moved, method="GET", body=None, headers=_keep(request, drop=_BODY_HEADERS))
    if target.origin_of(url) == target.origin_of(request.url):
        return moved
    if request.url.scheme == "https" and url.scheme == "http":
        raise unusable(
            f"redirected from https to http at {url.host}; that is not followed", "redirect refused"
        )
    if moved.body is not None:
        raise unusable(
            f"redirected with its body to another host, {url.host}; that is not followed",
            "redirect refused",
        )
    foreign = request.own - _FOLLOWS_ACROSS
    return replace(
        moved, headers={name: value for name, value in moved.headers.items() if name not in foreign}
    )


_BODY_HEADERS = frozenset(
    {"content-type", "content-encoding", "content-language", "idempotency-key"}
)


def _keep(request: Request, drop: frozenset[str]) -> dict[str, str]:
    return {name: value for name, value in request.headers.items() if name not in drop}


def _join(request: Request, location: str) -> httpx.URL:
    try:
        joined = str(request.url.join(location))
    except (httpx.InvalidURL, ValueError) as error:
        place = "elsewhere" if request.told else repr(location[:200])
        cause = "" if request.told else f": {error}"
        raise not_sendable(f"redirected to {place}, which is not a URL{cause}") from None
    # A service may send the address that it was called with back.
    return target.read(joined, {}, request.told and f"{request.told} (redirected)")


def _wire_headers(request: Request) -> list[tuple[bytes, bytes]]:
    headers = [(b"host", request.url.netloc)]
    headers += [
        (name.encode("ascii"), value.encode("utf-8")) for name, value in request.headers.items()
    ]
    if request.body is not None or request.method in UNSAFE_METHODS:
        headers.append((b"content-length", b"%d" % len(request.body or b"")))
    return headers


def _read_headers(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1").lower(), _header_text(value)
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _header_text(value: bytes) -> str:
    """UTF-8 where it is, else each byte as the character of its number, as HTTP once said."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _location(raw: list[tuple[bytes, bytes]]) -> str:
    """The address of the first Location header.

    Bytes that are no ASCII are encoded once, as they came.
    """
    value = next((value for name, value in raw if name.lower() == b"location"), b"")
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return quote_from_bytes(value, safe=bytes(range(0x21, 0x7F)))
