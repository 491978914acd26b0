"""JSON values as text for people, never longer than a page can bear."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from executions import secrets
from executions.language.walking import late

SHOWN_CHARACTERS = 4000


@dataclass(frozen=True, slots=True)
class Shown:
    """A value's text; ``is_cut`` where only its beginning is shown."""

    text: str
    is_cut: bool = False


# Characters that turn the text around them: shown as escapes, so that nothing looks like what it is
# not.
_TURNING = str.maketrans(
    {
        code: f"\\u{code:04x}"
        for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F)
    }
)


def pretty(value: Any) -> str:
    """Indented JSON with its characters as they are, but for secrets and what turns the direction
    of writing.
    """
    return json.dumps(secrets.shown(value), indent=2, ensure_ascii=False).translate(_TURNING)


def plain(text: str) -> str:
    """Somebody's text without a secret, or a turn of direction, that is hidden in it."""
    return secrets.shown_text(text).translate(_TURNING)


def shown(stored: str | None, control: Any = None) -> Shown | None:
    """A stored JSON text, of which at most ``SHOWN_CHARACTERS`` + 1 characters were read; None for
    no value.

    ``control`` is that of the call whose arguments these are: it knows where secrets belong.
    """
    if stored is None or stored == "null":
        return None
    if len(stored) > SHOWN_CHARACTERS:
        return Shown(plain(stored[:SHOWN_CHARACTERS]), is_cut=True)
    return Shown(pretty(late.shown(json.loads(stored), control)))
