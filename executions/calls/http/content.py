"""Reads the body of an answer: bounded in size on the wire and unpacked, then decoded by its
content type.

Bytes that are no text of their charset become U+FFFD, and so do characters that no journal can hold
(NUL, half of a surrogate pair); all else is read as it is.
"""

from __future__ import annotations

import base64
import codecs
import json
import math
from collections.abc import AsyncIterable
from typing import Any, NoReturn

from executions.calls.http.packing import CannotUnpack, Unpacker
from executions.calls.http.refusal import BodyUnusable, body_unusable
from executions.calls.media import MediaType
from executions.values import MAX_DEPTH

ACCEPTED_ENCODINGS = "gzip, deflate"
DEFAULT_RESPONSE_BYTES = 1_048_576
# Packing makes what cannot be packed a little longer.
_PACKING_BYTES = 65_536
_REPLACEMENT = "\ufffd"
_UNSTORABLE = {0: _REPLACEMENT} | dict.fromkeys(range(0xD800, 0xE000), _REPLACEMENT)
_MARKS = (
    (codecs.BOM_UTF8, "utf_8"),
    (codecs.BOM_UTF32_LE, "utf_32_le"),
    (codecs.BOM_UTF32_BE, "utf_32_be"),
    (codecs.BOM_UTF16_LE, "utf_16_le"),
    (codecs.BOM_UTF16_BE, "utf_16_be"),
)
# In these, ASCII bytes may mean other characters: UTF-8 cannot be told from them by looking.
_MANY_BYTES = ("big5", "cp9", "euc", "gb", "hz", "iso2022", "johab", "shift", "utf_16", "utf_32")


async def read(stream: AsyncIterable[bytes], encoding: str, limit: int) -> bytes:
    """The unpacked body of at most ``limit`` bytes; raises BodyUnusable where it is longer or
    cannot be unpacked.
    """
    body, on_the_wire = bytearray(), 0
    try:
        unpacker = Unpacker(encoding, limit)
        async for chunk in stream:
            on_the_wire += len(chunk)
            body += unpacker.feed(chunk)
            if len(body) > limit or unpacker.is_over() or on_the_wire > limit + _PACKING_BYTES:
                raise too_large(limit)
    except CannotUnpack as error:
        raise body_unusable(f"its body cannot be read: {error}") from None
    if not unpacker.is_complete():
        raise body_unusable(
            f"its {encoding.lower()} body ended early", "connection dropped", transient=True
        )
    return bytes(body)


async def read_beginning(
    stream: AsyncIterable[bytes], encoding: str, limit: int, into: bytearray
) -> None:
    """Put the first ``limit`` bytes of the unpacked body into ``into``, as they come; raises what
    stops it.
    """
    unpacker, on_the_wire = Unpacker(encoding, limit), 0
    async for chunk in stream:
        on_the_wire += len(chunk)
        into += unpacker.feed(chunk)
        del into[limit:]
        if len(into) == limit or unpacker.is_over() or on_the_wire > limit + _PACKING_BYTES:
            return


def too_large(limit: int) -> BodyUnusable:
    return body_unusable(
        f"its body is larger than {limit} bytes (setting STIGMER_VALUE_BYTES); ask for"
        " less, say one page",
        "answer too large",
    )


def decode(body: bytes, media: MediaType) -> Any:
    """JSON by content type, text where it is text, else base64 (DSL 1.0, section HTTP Response)."""
    if media.is_json():
        return _json(body, media)
    if not body:
        return None if not media.kind else ""
    if media.is_text():
        return _as_text(body, media.charset)
    if not media.kind and b"\0" not in body:
        try:
            return body.decode("utf-8-sig")
        except UnicodeDecodeError:
            pass
    return encode(body)


def encode(body: bytes) -> str:
    """Base64, as the DSL asks for ``output: raw``."""
    return base64.b64encode(body).decode("ascii")


def excerpt(body: bytes, media: MediaType) -> str:
    """The body as text for people; binary content is not shown."""
    return "" if media.is_binary() else " ".join(_as_text(body, media.charset).split())


def _as_text(body: bytes, charset: str) -> str:
    """The text of these bytes: by their byte order mark, else by their charset, else as UTF-8, or
    as Latin-1 where nothing in it speaks for UTF-8.
    """
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return _without_nul(body[len(mark) :].decode(codec, "replace"))
    if charset not in ("", "ascii"):
        return _without_nul(body.decode(charset, "replace"))
    text = body.decode("utf-8", "replace")
    if _REPLACEMENT in text and all(
        character < "\x80" or character == _REPLACEMENT for character in text
    ):
        text = body.decode("latin-1")
    return _without_nul(text)


def _without_nul(text: str) -> str:
    return text.replace("\0", _REPLACEMENT)


def _json(body: bytes, media: MediaType) -> Any:
    text = _json_text(body, media.charset)
    if not text.strip(" \t\r\n"):
        return None
    try:
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise _not_json(
            "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        ) from None
    if text.count("[") + text.count("{") > MAX_DEPTH or "\\u" in text:
        return _storable(value, 0)
    return value


def _json_text(body: bytes, charset: str) -> str:
    """JSON is UTF-8 whatever its header says (RFC 8259); what is not is read as the header says."""
    if body.startswith(tuple(mark for mark, _ in _MARKS)) or charset.startswith(_MANY_BYTES):
        return _as_text(body, charset)
    try:
        return _without_nul(body.decode(json.detect_encoding(body)))
    except UnicodeDecodeError:
        return _as_text(body, charset)


def _not_json(reason: str) -> BodyUnusable:
    return body_unusable(f"its body says that it is JSON and cannot be read as such: {reason}")


def _storable(value: Any, depth: int) -> Any:
    """The same value without what escapes can put into it and no journal holds; raises BodyUnusable
    where it is too deep."""
    if depth > MAX_DEPTH:
        raise _not_json(f"it is nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, str):
        return value.translate(_UNSTORABLE)
    if isinstance(value, list):
        return [_storable(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {
            key.translate(_UNSTORABLE): _storable(item, depth + 1) for key, item in value.items()
        }
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"the number {text[:40]} is out of range")
    return value
