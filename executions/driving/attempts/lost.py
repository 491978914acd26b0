"""Attempts of which no outcome was written, in words that say no more than is known."""

from __future__ import annotations

from executions.driving.crashes import REBOOTED, RESTORED, SILENT, STOPPED
from executions.driving.lease import Held

# The outcome of such an attempt.
LOST = "lost"
LONGEST = 100
BROKEN_OFF = "a person had it broken off, as it showed no progress"
_WHY = {
    STOPPED: "its worker was stopped before its outcome was written",
    REBOOTED: "its host was started anew before its outcome was written",
    SILENT: "its worker was not heard of for too long, so another one took over",
    RESTORED: "the database was restored from a backup that was made during it",
}


def why_lost(held: Held) -> str:
    """Why nobody knows how an attempt ended that had begun when this was taken."""
    death = _death_of_driver(held)
    if death is None:
        return "its drive ended before its outcome was written"
    return (
        _WHY.get(death) or f"its worker process ended before its outcome was written ({death})"
    )[:LONGEST]


def _death_of_driver(held: Held) -> str | None:
    """How the process died that drove it; None where none died: it was let go of."""
    if held.left_by is not None:
        return held.left_by.death
    # It was put back since, for a process that drives nothing else; a finished step would have
    # cleared this.
    last = (held.execution.crashes or {}).get("last")
    return str(last[-1]["death"]) if last else None
