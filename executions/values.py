"""JSON values: what can be stored, how it is written, and its one canonical form (for digests)."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from executions.errors import NotStorable, WorkflowError

# Encoders that are kept: `json.dumps` makes one for each value.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
_encode_canonically = json.JSONEncoder(
    ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False
).encode
MAX_DEPTH = 200
LONGEST_ERROR_TEXT = 20_000
LONGEST_LOG = 64_000


def dumps(value: Any) -> str:
    """Compact JSON text that keeps key order; NaN and infinity are refused."""
    try:
        return _encode(value)
    except (ValueError, TypeError, RecursionError) as problem:
        raise NotStorable(f"The value cannot be stored as JSON: {problem}") from problem


def timestamp(moment: datetime) -> str:
    """ISO 8601, as all payloads and events write it: UTC is ``Z``."""
    return moment.isoformat().replace("+00:00", "Z")


def storable(value: Any, *, limit_bytes: int) -> str:
    """The JSON text of a value that both databases and every page can hold.

    Raises :class:`NotStorable` for NUL, lone surrogates, NaN, infinity, keys that are not text,
    nesting over ``MAX_DEPTH`` and text of more than ``limit_bytes`` bytes.
    """
    _check(value, 0)
    text = dumps(value)
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise NotStorable("The value holds half of a surrogate pair, which is not text.") from None
    if size > limit_bytes:
        raise NotStorable(
            f"The value has {size:,} bytes as JSON; at most {limit_bytes:,} are allowed"
            " (STIGMER_VALUE_BYTES)."
        )
    return text


def _check(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise NotStorable(f"The value is nested deeper than {MAX_DEPTH} levels.")
    if isinstance(value, str):
        if "\x00" in value:
            raise NotStorable("The value holds a NUL character.")
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise NotStorable(
                    f"An object's key must be text, this one is {type(key).__name__}."
                )
            if "\x00" in key:
                raise NotStorable("The value holds a NUL character.")
            _check(item, depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            _check(item, depth + 1)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise NotStorable("The value holds a number that JSON does not have (NaN or infinity).")
    elif not (value is None or isinstance(value, int)):
        raise NotStorable(f"A {type(value).__name__} is not a JSON value.")


def clean_text(text: str, most: int = LONGEST_ERROR_TEXT) -> str:
    """Foreign text that both databases can hold: no NUL, no half of a surrogate pair, cut after
    ``most`` characters.
    """
    text = text[:most].replace("\x00", "")
    return text.encode(errors="replace").decode()


def clean_error(error: WorkflowError) -> WorkflowError:
    """The same error with texts that can be stored, whoever wrote them."""
    return WorkflowError(
        clean_text(error.type),
        error.status,
        clean_text(error.title),
        clean_text(error.detail),
        clean_text(error.instance),
    )


def canonical(value: Any) -> str:
    """The same text for values that are equal as JSON (after RFC 8785: sorted keys, no white
    space).
    """
    return _encode_canonically(value)


def digest_of_texts(previous: str, texts: Iterable[str | None]) -> str:
    """SHA-256 (hex) over the digest before it and these texts, each with its length: one link of
    the chain.
    """
    # Put together first: a call for each short text costs more than what is hashed.
    parts = [previous.encode()]
    for text in texts:
        if text is None:
            parts.append(b"\n-")
        else:
            raw = text.encode(errors="surrogatepass")
            parts.append(b"\n%d:" % len(raw))
            parts.append(raw)
    return hashlib.sha256(b"".join(parts)).hexdigest()


def digest(previous: str, value: Any) -> str:
    """SHA-256 (hex) over the digest before it and the canonical form of this value: one link of the
    chain.
    """
    return hashlib.sha256(f"{previous}\n{canonical(value)}".encode()).hexdigest()
