"""The decision about a schedule whose time has come: decided here, carried out elsewhere. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from executions.models.schedule import Missed, Outcome, Overlap
from executions.schedules.rule import Rule

# A time that is found this late was missed.
LATE = timedelta(minutes=5)
# After so many failures in a row the schedule starts nothing more until a person looked.
MOST_FAILURES = 5


@dataclass(frozen=True, slots=True)
class Decision:
    """``outcome`` for the time ``due_at``; times from ``missed_from`` on passed before it.

    ``next_due_at`` is None where the rule has no further time.
    """

    outcome: Outcome
    due_at: datetime
    missed_from: datetime | None
    next_due_at: datetime | None


def decide(
    rule: Rule,
    due_at: datetime,
    now: datetime,
    *,
    missed: str,
    overlap: str,
    is_under_way: bool,
) -> Decision:
    """The decision about the times from ``due_at`` until ``now``: at most one run, however many
    they are. ``is_under_way``: the last run has not ended.
    """
    latest = max(due_at, rule.latest_until(now) or due_at)
    outcome = Outcome.STARTED
    if missed == Missed.NONE and now - latest > LATE:
        outcome = Outcome.MISSED
    elif is_under_way and overlap == Overlap.SKIP:
        outcome = Outcome.SKIPPED
    earlier = due_at if due_at < latest else None
    return Decision(outcome, latest, earlier, rule.next_after(now))
