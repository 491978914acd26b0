"""JSON values on their way into and out of expressions: what is one, and what counts as true."""

from __future__ import annotations

import re
from typing import Any

Json = Any
_EXPRESSION = re.compile(r"\s*\$\{(.*)\}\s*", re.DOTALL)


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
