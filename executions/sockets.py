"""What both kinds of sockets have in common: why they are closed, and what may be said on them."""

from __future__ import annotations

import json
from enum import IntEnum
from typing import Any


class Close(IntEnum):
    """Why the server closes a socket (RFC 6455 section 7.4); docs/api.md lists them."""

    ENDED = 1000
    BROKE_OFF = 1011
    RESTARTING = 1012
    TOO_MANY = 1013
    NOT_UNDERSTOOD = 4400
    SIGNED_OUT = 4401
    NOT_ALLOWED = 4403
    NOTHING_HERE = 4404


MOST_NUMBER = 2**53
_MOST_LEVELS = 4


def message_of(text: str | None, most_characters: int) -> dict[str, Any] | None:
    """The JSON object in a message, or None: too long, nested too deep, no object, no text."""
    if text is None or len(text) > most_characters or not _is_flat(text):
        return None
    try:
        message: Any = json.loads(text)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None


def is_sequence(value: object) -> bool:
    """Whether this is a number that an execution can stand at."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MOST_NUMBER


def _is_flat(text: str) -> bool:
    """Brackets inside strings count too: no message of a page has so many of them."""
    depth = 0
    for character in text:
        if character in "[{":
            depth += 1
            if depth > _MOST_LEVELS:
                return False
        elif character in "]}":
            depth -= 1
    return True
