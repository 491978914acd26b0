"""JSON values on their way into and out of expressions: what is one, how heavy it is, what counts as true."""

from __future__ import annotations

import math
import re
from typing import Any

from executions.errors import ExpressionError

Json = Any
_EXPRESSION = re.compile(r"\s*\$\{(.*)\}\s*", re.DOTALL)
MAX_DEPTH = 200
_TEXT_UNIT = 32


def is_expression(text: object) -> bool:
    """Whether a value is one whole runtime expression: a string of the form `${ … }`."""
    return isinstance(text, str) and _EXPRESSION.fullmatch(text) is not None


def source_of(text: str) -> str:
    """The jq inside `${ … }`; a text without the braces is returned without its outer blanks."""
    match = _EXPRESSION.fullmatch(text)
    return (match.group(1) if match else text).strip()


def truthy(value: Json) -> bool:
    """Whether jq takes the value for true: everything but false and null (so 0 and "" are true)."""
    return value is not None and value is not False


class TooHeavy(Exception):
    """A value is heavier than the limit given, or nested too deep."""


def weigh(value: Json, limit: float, depth: int = 0) -> tuple[int, bool]:
    """How much there is to walk over, and whether any text is in it; raises :class:`TooHeavy` beyond ``limit``."""
    if isinstance(value, str):
        return 1 + len(value) // _TEXT_UNIT, True
    if isinstance(value, int) and not isinstance(value, bool):
        return 1 + value.bit_length() // 64, False
    if not isinstance(value, (dict, list, tuple)):
        return 1, False
    if depth >= MAX_DEPTH:
        raise TooHeavy
    weight, has_text = 1 + len(value), False
    for item in value.values() if isinstance(value, dict) else value:
        if weight > limit:
            raise TooHeavy
        more, text = weigh(item, limit - weight, depth + 1)
        weight += more
        has_text = has_text or text
    return weight, has_text


def ensure_json(value: Json, where: str = "", depth: int = 0) -> Json:
    """The value, if JSON can hold it unchanged; raises :class:`ExpressionError` that says where it cannot.

    jq engines can make values that JSON has no form for: not a number, infinity, bytes, objects with other keys.
    """
    if value is None or isinstance(value, (bool, str, int)):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        raise ExpressionError(
            f"the expression gave {value}{_at(where)}, which JSON cannot hold; is a division by zero in it?"
        )
    if depth > MAX_DEPTH:
        raise ExpressionError(f"the expression gave a value nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, list):
        for index, item in enumerate(value):
            ensure_json(item, f"{where}/{index}", depth + 1)
        return value
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise ExpressionError(
                    f"the expression gave an object with the key {key!r}{_at(where)}; keys are texts: use `tostring`"
                )
            ensure_json(item, f"{where}/{key}", depth + 1)
        return value
    raise ExpressionError(f"the expression gave a value of type {type(value).__name__}{_at(where)}, which is not JSON")


def _at(where: str) -> str:
    return f" at {where[:100]}" if where else ""
