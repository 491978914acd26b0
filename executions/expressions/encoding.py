"""JSON text of values on their way to a child and back.

Integers keep any size both ways. The answer of a child is hostile: its depth, its numbers and its
very being JSON are looked at here.
"""

from __future__ import annotations

import json
import math
import re
from collections import OrderedDict
from typing import Any

from pydantic_core import from_json

from executions.errors import ExpressionError

Json = Any
MAX_DEPTH = 200
# Shorter texts are made anew sooner than they are found again.
_WORTH_KEEPING_BYTES = 512
_KEPT = 32
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
# A number that may be beyond what a float holds.
_HUGE = re.compile(rb"[0-9][eE]\+?[0-9]{3}")


class Encodings:
    """The JSON texts of large values that were encoded lately, so that a drive encodes each once.

    A value is known by its identity and is taken to be immutable. Not for several threads.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[int, tuple[Json, bytes]] = OrderedDict()

    def encode(self, value: Json) -> bytes:
        """The JSON text of a value; raises :class:`ExpressionError` if it is not JSON."""
        if not isinstance(value, (dict, list)):
            return encode(value)
        key = id(value)
        kept = self._kept.get(key)
        if kept is not None and kept[0] is value:
            self._kept.move_to_end(key)
            return kept[1]
        text = encode(value)
        if len(text) >= _WORTH_KEEPING_BYTES:
            self._kept[key] = (value, text)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return text


def encode(value: Json) -> bytes:
    """The JSON text of a value; raises :class:`ExpressionError` if it is not JSON."""
    try:
        return _encode(value).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ExpressionError(f"it was given a value that is not JSON: {error}") from None


def decode(text: bytes) -> Json:
    """The value of a JSON text that a child sent; raises :class:`ExpressionError`."""
    try:
        value = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise ExpressionError(_in_words(str(error))) from None
    if _HUGE.search(text):
        _refuse_infinite(value)
    return value


def _in_words(problem: str) -> str:
    if "recursion limit" in problem:
        return f"it gave a value nested more than {MAX_DEPTH} levels deep"
    if "number out of range" in problem:
        return "it gave a number of more than 4300 digits"
    return "it gave something that is not JSON"


def _refuse_infinite(value: Json) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ExpressionError("it gave a number that is too large for JSON's readers")
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in items:
        _refuse_infinite(item)
