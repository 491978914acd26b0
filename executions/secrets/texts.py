"""Walks over JSON values text by text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Json = Any
OnText = Callable[[str], str]
OnNumber = Callable[[int | float], Json]


def mapped(value: Json, on_text: OnText, on_number: OnNumber | None = None) -> Json:
    """``value`` with every text in it, keys included, replaced by what ``on_text`` makes of it, and
    every number by what ``on_number`` makes of it."""
    if isinstance(value, str):
        return on_text(value)
    if isinstance(value, Mapping):
        return {
            on_text(key) if isinstance(key, str) else key: mapped(item, on_text, on_number)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [mapped(item, on_text, on_number) for item in value]
    if on_number is not None and isinstance(value, (int, float)) and not isinstance(value, bool):
        return on_number(value)
    return value


def flat(values: Mapping[str, Any], parent: str = "") -> dict[str, str]:
    """Objects of texts as one object: ``{"db": {"user": "x"}}`` becomes ``{"db.user": "x"}``."""
    texts: dict[str, str] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            texts |= flat(value, f"{parent}{key}.")
        else:
            texts[f"{parent}{key}"] = str(value)
    return texts
