"""Turns the body of a call into bytes, by the content type that the author gave or by the kind of
the value.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from executions.calls.http.refusal import not_sendable
from executions.calls.media import body_problem, media_type


def encode(value: Any, content_type: str) -> tuple[bytes | None, str]:
    """The bytes and their content type; null means no body.

    A string is sent as it is, an object as a form where the content type says so, anything else as
    JSON. An object under a type that holds none (``multipart/form-data``, ``application/xml``) is
    refused.
    """
    if value is None:
        return None, ""
    if isinstance(value, str):
        return _utf8(value), content_type or "text/plain; charset=utf-8"
    if isinstance(value, dict | list):
        media = media_type(content_type)
        if problem := body_problem(value, media):
            raise not_sendable(f"body: {problem}")
        if isinstance(value, dict) and media.is_form():
            return _form(value), content_type
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise not_sendable(f"body: it cannot be written as JSON: {error}") from None
    return _utf8(text), content_type or "application/json"


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise not_sendable(
            "body: it contains half of a surrogate pair, which no encoding can carry"
        ) from None


def _form(fields: dict[str, Any]) -> bytes:
    pairs = []
    for name, value in fields.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict | list):
                raise not_sendable(
                    f"body.{name}: a form field is a string, number or boolean, not an object or a"
                    " list"
                )
            if item is not None:
                pairs.append((name, str(item).lower() if isinstance(item, bool) else str(item)))
    return urlencode(pairs).encode("ascii")
