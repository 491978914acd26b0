"""Reading a body: JSON as RFC 8259 has it, and nothing that the database could not hold."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, NoReturn

from django.conf import settings
from django.http import HttpRequest
from ninja.parser import Parser

from executions.api.problems import Problem
from executions.errors import NotStorable
from executions.values import storable


class JsonParser(Parser):
    """Stricter than ``json.loads``: no NaN, no duplicate keys, no NUL, no half surrogates, bounded
    depth and size.
    """

    def parse_body(self, request: HttpRequest) -> Any:
        return parse_json(request.body)


def parse_json(body: bytes) -> Any:
    """The value.

    Raises Problem ``malformed`` where it is not JSON, ``invalid`` where it cannot be stored.
    """
    try:
        value = json.loads(body.decode(), parse_constant=_no_constant, object_pairs_hook=_object)
    except RecursionError:
        raise Problem("malformed", "The body is nested too deeply to be read.") from None
    except ValueError as error:
        raise Problem("malformed", f"The body is not JSON: {error}.") from None
    try:
        storable(value, limit_bytes=settings.DATA_UPLOAD_MAX_MEMORY_SIZE or len(body) * 6)
    except NotStorable as error:
        raise Problem("invalid", str(error)) from None
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        times = Counter(key for key, _ in pairs)
        twice = next(key for key in times if times[key] > 1)
        raise ValueError(f"the key {twice[:60]!r} stands twice in one object")
    return document


def text_of(request: HttpRequest) -> str:
    """The body as text. Raises Problem ``malformed`` where it is not UTF-8."""
    try:
        return request.body.decode()
    except UnicodeDecodeError as error:
        raise Problem(
            "malformed", f"The body is not UTF-8: byte {error.start} cannot be read."
        ) from None
