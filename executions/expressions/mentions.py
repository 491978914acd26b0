"""The mentions of a program: which variables, and which of their keys.

A plain search in the text, so that a child is sent no more than it may need. If the search says too
much, a call is slower; a name that it does not see is unknown to jq, which says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_VARIABLE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)(?:\.([A-Za-z_][A-Za-z0-9_]*))?")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Functions of ours, whose values are handed in so that they are the same throughout.
MADE = ("now", "uuid")

Keys = frozenset[str] | None


def mentioned(source: str) -> dict[str, Keys]:
    """Each `$name` in the text with the keys that follow it as `.key`; None where any other use
    of the variable needs all of it."""
    keys_of: dict[str, Keys] = {}
    for name, key in _VARIABLE.findall(source):
        keys = keys_of.get(name, frozenset())
        keys_of[name] = keys | {key} if key and keys is not None else None
    return keys_of


def made(source: str) -> tuple[str, ...]:
    """Which of `now` and `uuid` the text may call."""
    words = set(_WORD.findall(source)) if any(name in source for name in MADE) else set()
    return tuple(name for name in MADE if name in words)


def only(value: Any, keys: Keys) -> Any:
    """The part of an object that is mentioned. An object that explains what it lacks does so
    when a missing key is read."""
    if keys is None or not isinstance(value, Mapping):
        return value
    asks = hasattr(type(value), "__missing__")
    return {key: value[key] for key in keys if asks or key in value}
