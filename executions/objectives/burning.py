"""The standing of an objective: what was reached, how much of its budget is used, and how fast it
burns.

The budget is what may go wrong: with a target of 99 % one run in a hundred, over 30 days. The burn
of a time is the share of its runs that went wrong, over the share that may: at 1 the budget lasts
just as long as it should. So the burn of the 30 days is the share of the budget that is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from executions.in_time import Time
from executions.models import Objective
from executions.objectives.counting import LOOK_SECONDS, Ended, Lately, lately

SUSTAINABLE = 1.0
# So many objectives /metrics counts.
MOST_MEASURED = 50


@dataclass(frozen=True, slots=True)
class Span:
    """One time: how many runs are measured, and how many of them went wrong."""

    runs: int
    wrong: int
    allowed_share: float

    @property
    def reached(self) -> float | None:
        """The percentage that went well; None without a run. Rounded so that a failure shows."""
        if not self.runs:
            return None
        percent = 100 * (self.runs - self.wrong) / self.runs
        return 100.0 if not self.wrong else min(99.99, round(percent, 2))

    @property
    def burn(self) -> float | None:
        """How fast the budget burned; None without a run."""
        if not self.runs:
            return None
        return self.wrong / self.runs / self.allowed_share


@dataclass(frozen=True, slots=True)
class Target:
    """One of the targets of an objective: ``success`` or ``duration``. A time that could not be
    counted is None; ``days`` of the 30 are counted.
    """

    name: str
    percent: float
    within_seconds: int | None
    hour: Span | None
    day: Span | None
    week: Span | None
    month: Span | None
    days: int

    @property
    def is_counted(self) -> bool:
        """Whether all of the 30 days are."""
        return self.month is not None

    @property
    def allowed(self) -> float:
        """How many of the runs of the 30 days may go wrong."""
        return self.month.runs * self.month.allowed_share if self.month else 0.0

    @property
    def used(self) -> float | None:
        """The share of the budget that is used; above 1 the target is missed. None without a run,
        and where not all days are counted.
        """
        return self.month.burn if self.month else None

    @property
    def is_missed(self) -> bool:
        return self.month is not None and self.month.wrong > self.allowed + 1e-6

    def burns(self) -> Iterator[tuple[str, float]]:
        """The burn of each time that is counted and has a run, by a short name."""
        named = (("1h", self.hour), ("24h", self.day), ("7d", self.week), ("30d", self.month))
        for name, span in named:
            if span is not None and span.burn is not None:
                yield name, span.burn

    @property
    def burns_too_fast(self) -> bool:
        """Whether the budget would not last, as fast as it burned in the last hour and day."""
        burns = (span.burn if span else None for span in (self.hour, self.day))
        return all(burn is not None and burn > SUSTAINABLE for burn in burns)


def targets(objective: Objective, time: Time | None = None) -> Sequence[Target]:
    """Each target of the objective, with what was reached, as far as it is counted in this time."""
    reached, counted = [], lately(objective, time or Time(LOOK_SECONDS))
    if objective.success_percent is not None:
        reached.append(_target("success", objective.success_percent, None, counted))
    if objective.within_percent is not None:
        seconds = objective.within_seconds
        reached.append(_target("duration", objective.within_percent, seconds, counted))
    return reached


def of_all() -> Iterator[tuple[dict[str, str], Target]]:
    """The targets of the objectives that were set first, each with its labels as a metric; all are
    counted in one time.
    """
    rows, time = Objective.objects.select_related("workflow").order_by("set_at"), Time(LOOK_SECONDS)
    for row in rows[:MOST_MEASURED]:
        for target in targets(row, time):
            # Private workflows of two people may have one slug.
            names = {"workflow": row.workflow.slug, "id": row.workflow.public_id}
            yield {**names, "target": target.name}, target


def _target(name: str, percent: float, seconds: int | None, counted: Lately) -> Target:
    # Not a hair beside it: one of a hundred is the whole budget of 99 %.
    share = round(1 - percent / 100, 6)

    def span(ended: Ended | None) -> Span | None:
        if ended is None:
            return None
        if name == "success":
            return Span(ended.completed + ended.failed, ended.failed, share)
        return Span(ended.completed, ended.late, share)

    spans = (counted.hour, counted.day, counted.week, counted.month)
    hour, day, week, month = map(span, spans)
    return Target(name, percent, seconds, hour, day, week, month, counted.days)
