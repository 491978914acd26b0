"""Reads the body of an answer: bounded in size on the wire and unpacked, then decoded by its content type."""

from __future__ import annotations

import base64
import json
import math
import zlib
from collections.abc import AsyncIterable
from email.message import Message
from typing import Any, NoReturn

from executions.steps.http.refusal import Refusal, unusable

ACCEPTED_ENCODINGS = "gzip, deflate"
DEFAULT_RESPONSE_BYTES = 1_048_576
_PIECE = 65_536


class Unpacker:
    """Undoes one content encoding; never holds more than a small piece beyond what it returns."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._inflater: Any = None if encoding in ("", "identity") else self._new()
        self._started = False

    def feed(self, data: bytes, room: int) -> bytes:
        """What ``data`` unpacks to, cut at ``room`` + 1 bytes so that the caller sees that there is more."""
        if self._inflater is None:
            return data[: room + 1]
        out = bytearray()
        while len(out) <= room:
            if self._inflater.eof:
                if not data:
                    break
                self._inflater = self._new()
            most = min(room + 1 - len(out), _PIECE)
            piece = self._inflate(data, most)
            out += piece
            data = self._inflater.unconsumed_tail or self._inflater.unused_data
            if not data and len(piece) < most:
                break
        return bytes(out)

    def is_complete(self) -> bool:
        return self._inflater is None or self._inflater.eof or not self._started

    def _new(self) -> Any:
        return zlib.decompressobj(zlib.MAX_WBITS | (16 if "gzip" in self._encoding else 0))

    def _inflate(self, data: bytes, most: int) -> bytes:
        try:
            unpacked = self._inflater.decompress(data, most)
        except zlib.error:
            if self._started or self._encoding != "deflate":
                raise
            # Servers disagree on whether deflate has a zlib wrapper; the first bytes tell.
            self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
            unpacked = self._inflater.decompress(data, most)
        self._started = True
        return bytes(unpacked)


async def read(stream: AsyncIterable[bytes], encoding: str, limit: int, *, cut: bool = False) -> bytes:
    """The unpacked body, at most ``limit`` bytes; a longer one is refused, or cut where ``cut`` is set."""
    encoding = encoding.strip().lower().removeprefix("x-")
    if encoding not in ("", "identity", "gzip", "deflate"):
        raise unusable(f"the answer is packed as {encoding!r}; {ACCEPTED_ENCODINGS} was asked for", "answer not usable")
    unpacker, body = Unpacker(encoding), bytearray()
    try:
        async for chunk in stream:
            body += unpacker.feed(chunk, limit - len(body))
            if len(body) > limit:
                if cut:
                    return bytes(body[:limit])
                raise too_large(limit)
    except zlib.error as error:
        raise unusable(
            f"the answer says that it is {encoding} but cannot be unpacked: {error}", "answer not usable"
        ) from None
    if not unpacker.is_complete():
        raise unusable(f"the {encoding} answer ended early", "connection dropped", transient=True)
    return bytes(body)


def too_large(limit: int) -> Refusal:
    return unusable(
        f"the answer is larger than {limit} bytes (setting STIGMER_HTTP_RESPONSE_BYTES); ask for less, say one page",
        "answer too large",
    )


def decode(body: bytes, content_type: str) -> Any:
    """JSON by content type, text where it is text, else base64 (DSL 1.0, section HTTP Response)."""
    kind, charset = _kind(content_type)
    if kind == "application/json" or kind.endswith("+json"):
        return _json(body) if body.strip() else None
    if not body:
        return None if not kind else ""
    if charset or kind.startswith("text/") or kind.endswith("+xml") or kind in _TEXT_KINDS:
        return _as_text(body, charset)
    if not kind:
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            pass
    return encode(body)


_TEXT_KINDS = {"application/xml", "application/javascript", "application/x-www-form-urlencoded", "application/yaml"}


def encode(body: bytes) -> str:
    """Base64, as the DSL asks for ``output: raw``."""
    return base64.b64encode(body).decode("ascii")


def excerpt(body: bytes, content_type: str) -> str:
    """The body as text for people; binary content is not shown."""
    kind, charset = _kind(content_type)
    is_binary = kind.partition("/")[0] in ("image", "audio", "video", "font") or kind == "application/octet-stream"
    return "" if is_binary else " ".join(_as_text(body, charset).split())


def _kind(content_type: str) -> tuple[str, str]:
    message = Message()
    message["content-type"] = content_type or "none"
    charset = message.get_content_charset("") or ""
    return content_type.partition(";")[0].strip().lower(), charset


def _as_text(body: bytes, charset: str) -> str:
    try:
        return body.decode(charset or "utf-8", errors="replace")
    except LookupError:
        return body.decode("utf-8", errors="replace")


def _json(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise unusable(f"the answer says that it is JSON but is not usable: {reason}", "answer not usable") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"the number {text[:40]} is out of range")
    return value
