"""How many runs began and failed in each hour: whether it is worse than yesterday."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q

from dashboard.queries.in_time import in_time
from executions import clock, policy

HOURS = 24


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour: from when, how many runs began, and how many that failed in it stand failed."""

    since: datetime
    began: int
    failed: int


@dataclass(frozen=True, slots=True)
class Day:
    """The last hours, the oldest first, beside the sums of as many hours before."""

    hours: Sequence[Hour]
    began_before: int
    failed_before: int

    @property
    def began(self) -> int:
        return sum(hour.began for hour in self.hours)

    @property
    def failed(self) -> int:
        return sum(hour.failed for hour in self.hours)

    @property
    def most(self) -> int:
        return max((hour.began for hour in self.hours), default=0)


def day(user: policy.Person) -> Day | None:
    """Of the runs that this person may see; None where they could not be counted in time."""
    return in_time("runs by hour", lambda: _day(user))


def _day(user: policy.Person) -> Day:
    end = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    starts = [end - timedelta(hours=HOURS - index) for index in range(HOURS)]
    before = starts[0] - timedelta(hours=HOURS)
    began = _counted(user, "created_at", starts, before, end)
    failed = _counted(user, "failed_at", starts, before, end)
    hours = [Hour(*each) for each in zip(starts, began[1:], failed[1:], strict=True)]
    return Day(hours, began[0], failed[0])


def _counted(
    user: policy.Person, moment: str, starts: Sequence[datetime], before: datetime, end: datetime
) -> list[int]:
    """How many in the day before, then in each hour; one query."""
    within: dict[str, Any] = {f"{moment}__gte": before, f"{moment}__lt": end}
    if moment == "created_at":
        # Keys begin with the moment at which they were made: the index of the table finds them.
        within["pk__gte"] = uuid.UUID(int=int(before.timestamp() * 1000) << 80)
    rows = policy.visible_executions(user).filter(**within)
    bounds = [(before, starts[0]), *((each, each + timedelta(hours=1)) for each in starts)]
    found = rows.aggregate(
        **{
            f"part_{index}": Count(
                "pk", filter=Q(**{f"{moment}__gte": since, f"{moment}__lt": until})
            )
            for index, (since, until) in enumerate(bounds)
        }
    )
    return [found[f"part_{index}"] for index in range(len(bounds))]
