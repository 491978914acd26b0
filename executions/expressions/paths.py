"""Paths such as `.order.id`, `$context.items[0]` or `.`: read straight from the value, without
copying it to an engine.

They are most of what workflows contain, and what they read may be large.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from executions.errors import ExpressionError

STEP = r'(?:\.[A-Za-z_][A-Za-z0-9_]*|\.?\["[^"\\]*"\]|\.?\[[0-9]{1,9}\])'
_PATH = re.compile(
    r"\s*(?:\$(?P<variable>[A-Za-z_][A-Za-z0-9_]*)|(?P<dot>\.(?=\s*\Z|\[))|(?=\.))"
    rf"(?P<steps>{STEP}*)\s*"
)
_STEPS = re.compile(STEP)


@dataclass(frozen=True, slots=True)
class PathProgram:
    """``variable`` is None where the path begins at the input."""

    variable: str | None
    steps: tuple[str | int, ...]

    def read(self, start: Any) -> Any:
        """Follow the path as jq does: nothing in nothing is null; a key of a number is an error."""
        value = start
        for step in self.steps:
            if value is None:
                continue
            if type(value) is dict and type(step) is str:
                value = value.get(step)
            elif isinstance(step, str) and isinstance(value, Mapping):
                value = (
                    value[step] if step in value or hasattr(type(value), "__missing__") else None
                )
            elif isinstance(step, int) and isinstance(value, list):
                value = value[step] if step < len(value) else None
            else:
                raise ExpressionError(f"cannot read {json.dumps(step)} of {describe(value)}")
        return value


def path_program(source: str) -> PathProgram | None:
    """The path that ``source`` is, or None where it is more than a path."""
    match = _PATH.fullmatch(source)
    if match is None or not source.strip():
        return None
    steps: list[str | int] = []
    for text in _STEPS.findall(match.group("steps")):
        inner = text.lstrip(".").strip("[]") if "[" in text else text[1:]
        steps.append(inner[1:-1] if inner.startswith('"') else int(inner) if "[" in text else inner)
    return PathProgram(match.group("variable"), tuple(steps))


def describe(value: Any) -> str:
    """A value in words, short enough for a message: ``the text "abc"``, ``a list of 3``."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, (int, float)):
        return f"the number {str(value)[:40]}"
    if isinstance(value, str):
        return f"the text {json.dumps(value[:40], ensure_ascii=False)}"
    return f"a list of {len(value)}" if isinstance(value, list) else "an object"
