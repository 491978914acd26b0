"""``{{secret:NAME}}`` in a text: the value stands there only where the text is used."""

from __future__ import annotations

import re
from collections.abc import Callable

PLACE = re.compile(r"\{\{secret:([A-Za-z0-9_.-]{1,200})\}\}")


def names_in(text: str) -> list[str]:
    """The secrets that the text names, each once."""
    return list(dict.fromkeys(PLACE.findall(text)))


def filled(text: str, value_of: Callable[[str], str]) -> str:
    """The text with the values as they are in their places."""
    return PLACE.sub(lambda place: value_of(place[1]), text)
