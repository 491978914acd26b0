"""How phases, statuses, events and times are said to people: word, icon and tone always together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from executions.journal.events import known
from executions.states import Phase, StepStatus


@dataclass(frozen=True, slots=True)
class Look:
    """A state as it is shown; ``icon`` is a symbol of static/img/icons.svg, ``tone`` a class of components.css."""

    word: str
    icon: str
    tone: str


PHASES: dict[str, Look] = {
    Phase.PENDING: Look("Pending", "pending", "tone-idle"),
    Phase.IN_PROGRESS: Look("Running", "running", "tone-busy"),
    Phase.WAITING: Look("Waiting", "clock", "tone-wait"),
    Phase.PAUSED: Look("Paused", "pause", "tone-warn"),
    Phase.COMPLETED: Look("Completed", "check", "tone-good"),
    Phase.FAILED: Look("Failed", "alert", "tone-bad"),
    Phase.CANCELLED: Look("Cancelled", "cancel", "tone-idle"),
    Phase.TERMINATED: Look("Terminated", "stop", "tone-idle"),
}
STATUSES: dict[str, Look] = {
    StepStatus.RUNNING: Look("Running", "running", "tone-busy"),
    StepStatus.RETRYING: Look("Retrying", "retry", "tone-warn"),
    StepStatus.WAITING: Look("Waiting", "clock", "tone-wait"),
    StepStatus.SUCCEEDED: Look("Succeeded", "check", "tone-good"),
    StepStatus.FAILED: Look("Failed", "cross", "tone-bad"),
    StepStatus.SKIPPED: Look("Skipped", "skip", "tone-idle"),
    StepStatus.CANCELLED: Look("Cancelled", "cancel", "tone-idle"),
}
DECISION = Look("Decision", "decision", "tone-warn")
UNKNOWN = Look("Unknown", "info", "tone-idle")

# What an administrator's override into each phase means; executions.verbs.deciding.override says which are possible.
OVERRIDES: dict[str, str] = {
    Phase.PENDING: "Whoever drives it is shut out, and a worker takes it up again.",
    Phase.PAUSED: "Nothing further runs until someone resumes it.",
    Phase.FAILED: "It is declared failed and marked for a person; it can be retried or recovered.",
    Phase.CANCELLED: "It ends and needs nobody any more; only a restore leads back.",
    Phase.TERMINATED: "It ends for good, whatever runs; nothing leads back.",
}


def phase_look(phase: str) -> Look:
    return PHASES.get(phase, UNKNOWN)


def status_look(status: str) -> Look:
    return STATUSES.get(status, UNKNOWN)


def event_tone(name: str) -> str:
    event = known(name)
    return str(event.words.tone) if event is not None else "idle"


def duration(span: timedelta) -> str:
    """A span in the largest two units that matter: ``340 ms``, ``4.2 s``, ``3 min 20 s``, ``2 d 3 h``."""
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


def count(number: int, word: str) -> str:
    """``1 attempt``, ``3 attempts``."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
