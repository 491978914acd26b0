"""Times and texts for a terminal.

Texts of a server are somebody's: nothing of them may steer the terminal.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from executions import spans
from executions.states import LOOK_OF_PHASE, LOOK_OF_STATUS

STYLES = {name: look.colour for name, look in {**LOOK_OF_STATUS, **LOOK_OF_PHASE}.items()}


def plain(value: object) -> str:
    """A value as one line: what cannot be printed is shown as U+FFFD, line breaks as spaces."""
    if value is None:
        return "-"
    text = " ".join(str(value).splitlines())
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def pretty(value: Any) -> str:
    """JSON for people. Control characters and what steers terminals are escaped as JSON does it."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return "".join(
        each if each.isprintable() or each == "\n" else json.dumps(each)[1:-1] for each in text
    )


def moment(text: str | None) -> datetime | None:
    """A time as the API writes it, in the time zone of this machine."""
    return datetime.fromisoformat(text).astimezone() if text else None


def clock(text: str | None) -> str:
    at = moment(text)
    return at.strftime("%H:%M:%S") if at else "        "


def ago(text: str | None) -> str:
    """``4 s``, ``3 min``, ``2 h``, ``5 d`` since then."""
    at = moment(text)
    return "-" if at is None else spans.roughly((datetime.now(UTC) - at).total_seconds())


def took(begin: str | None, end: str | None) -> str:
    """``3 min 20 s`` between the two; ``-`` where one is missing."""
    first, last = moment(begin), moment(end)
    if first is None or last is None:
        return "-"
    return spans.lasting((last - first).total_seconds())


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def step_of(path: str | None) -> str:
    """A step's path as people say it: without the slash that begins it."""
    return plain((path or "").removeprefix("/")) if path else "-"
