"""Spans of time in words, the same in a terminal, in a reason and on a page, where
static/js/clock.js says them on; and spans as a person types them.
"""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import pairwise
from math import ceil

_SIZES = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_TYPED = re.compile(r"(\d{1,6})(s|m|h|d|w)")
_TYPED_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def lasting(seconds: float) -> str:
    """A span in the largest two units that matter: ``340 ms``, ``4.2 s``, ``3 min 20 s``, ``2 d 3
    h``.
    """
    seconds = max(0.0, seconds)
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    for (size, unit), (below, unit_below) in pairwise(_SIZES):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} {int(seconds % size // below)} {unit_below}"
    return f"{int(seconds)} s"


def roughly(seconds: float) -> str:
    """A span in its largest unit: ``4 s``, ``3 min``, ``2 h``, ``5 d``."""
    for size, unit in _SIZES:
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "0 s"


def at_most(seconds: float) -> str:
    """A span to wait for, in its largest unit and never too short: ``4 s``, ``3 min``, ``2 h``."""
    for size, unit in _SIZES:
        if seconds > size:
            return f"{ceil(seconds / size)} {unit}"
    return "1 s"


def read(text: str) -> timedelta | None:
    """A span that a person typed: ``45s``, ``30m``, ``3h``, ``2d``, ``1w``. None for other text."""
    typed = _TYPED.fullmatch(text)
    return None if typed is None else timedelta(**{_TYPED_UNITS[typed[2]]: int(typed[1])})
