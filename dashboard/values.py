"""JSON values as text for people, never longer than a page can bear."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

SHOWN_CHARACTERS = 4000


@dataclass(frozen=True, slots=True)
class Shown:
    """A value's text; ``is_cut`` where only its beginning is shown."""

    text: str
    is_cut: bool = False


def pretty(value: Any) -> str:
    """Indented JSON with its characters as they are."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def shown(stored: str | None) -> Shown | None:
    """A stored JSON text, of which at most ``SHOWN_CHARACTERS`` + 1 characters were read; None for no value."""
    if stored is None or stored == "null":
        return None
    if len(stored) > SHOWN_CHARACTERS:
        return Shown(stored[:SHOWN_CHARACTERS], is_cut=True)
    return Shown(pretty(json.loads(stored)))
