"""How phases, statuses, events and times are said to people: word, icon and tone always
together.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from executions.journal.events import known
from executions.states import LOOK_OF_PHASE, LOOK_OF_STATUS, Look, Tone

DECISION = Look("Decision", "decision", Tone.WARN)
UNKNOWN = Look("Unknown", "info", Tone.IDLE)


def phase_look(phase: str) -> Look:
    return LOOK_OF_PHASE.get(phase, UNKNOWN)


def status_look(status: str) -> Look:
    return LOOK_OF_STATUS.get(status, UNKNOWN)


def event_tone(name: str) -> str:
    event = known(name)
    return str(event.words.tone) if event is not None else "idle"


def duration(span: timedelta) -> str:
    """A span in the largest two units that matter: ``340 ms``, ``4.2 s``, ``3 min 20 s``, ``2 d 3
    h``.
    """
    seconds = max(0.0, span.total_seconds())
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{int(seconds)} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min {int(seconds % 60)} s"
    if seconds < 86400:
        return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60)} min"
    return f"{int(seconds // 86400)} d {int(seconds % 86400 // 3600)} h"


def ago(moment: datetime, now: datetime) -> str:
    """How long ago, as static/js/clock.js says it, for the first paint."""
    seconds = max(0.0, (now - moment).total_seconds())
    if seconds < 5:
        return "just now"
    for limit, size, unit in ((60, 1, "s"), (3600, 60, "min"), (86400, 3600, "h")):
        if seconds < limit:
            return f"{int(seconds // size)} {unit} ago"
    return f"{int(seconds // 86400)} d ago"


# A call, and what became of it: ``POST https://… answered 503 …``, ``GET https://…: no answer``.
_CALL = re.compile(r"([A-Z]{3,7} \S+?)(?: answered |: )(.+)", re.DOTALL)


def reason_first(reason: str) -> str:
    """A reason with what went wrong before the address at which it did."""
    found = _CALL.fullmatch(reason)
    return f"{found[2]} · {found[1]}" if found else reason


def count(number: int, word: str) -> str:
    """``1 attempt``, ``3 attempts``."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
