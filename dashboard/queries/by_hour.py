"""How many runs began and failed in each hour: whether it is worse than yesterday."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncHour

from dashboard.queries.counting import counts_between
from executions import clock, policy
from executions.ids import least_uuid7
from executions.in_time import in_time
from executions.models import Event, Execution
from executions.models.event import FAILURES

HOURS = 24


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour: from when, how many runs began, and how many failures there were in it."""

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
        return max((max(hour.began, hour.failed) for hour in self.hours), default=0)


def day(user: policy.Person, **of: uuid.UUID) -> Day | None:
    """Of the runs that this person may see, or those of one ``workflow`` or ``agent``; None where
    they could not be counted in time.
    """
    return in_time("runs by hour", lambda: _day(user, of))


def began(rows: Callable[[], QuerySet[Execution]]) -> Day | None:
    """When these began, and which of them stand failed; None where that takes too long."""

    def count() -> Day:
        starts, before = _hours()
        of_all = _began(rows(), starts, before)
        of_failed = _began(rows().filter(phase="FAILED"), starts, before)
        hours = [Hour(*each) for each in zip(starts, of_all[1:], of_failed[1:], strict=True)]
        return Day(hours, of_all[0], of_failed[0])

    return in_time("matching runs by hour", count)


def _day(user: policy.Person, of: Mapping[str, uuid.UUID]) -> Day:
    starts, before = _hours()
    runs: Any = policy.visible_executions(user).filter(**of)
    # A retry clears what a run says of its failure; what happened stays.
    failures: Any = Event.objects.filter(name__in=FAILURES, created_at__gte=before)
    failures = failures.filter(**{f"execution__{name}": key for name, key in of.items()})
    if not policy.sees_everything(user):
        failures = failures.filter(execution__in=runs.order_by().values("pk"))
    began = _began(runs, starts, before)
    failed = _happened(failures, starts)
    hours = [Hour(*each) for each in zip(starts, began[1:], failed[1:], strict=True)]
    return Day(hours, began[0], failed[0])


def _hours() -> tuple[list[datetime], datetime]:
    """The beginnings of the last hours, and that of the day before them."""
    end = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    starts = [end - timedelta(hours=HOURS - index) for index in range(HOURS)]
    return starts, starts[0] - timedelta(hours=HOURS)


def _began(runs: QuerySet[Execution], starts: Sequence[datetime], before: datetime) -> list[int]:
    """How many began in the day before, then in each hour; one query.

    Keys begin with the moment at which they were made, so the indexes that have them are enough:
    tens of thousands of rows would have to be read for what they say of it themselves.
    """
    ends = [least_uuid7(each) for each in (before, *starts, starts[-1] + timedelta(hours=1))]
    return counts_between(runs, ends)


def _happened(events: QuerySet[Event], starts: Sequence[datetime]) -> list[int]:
    """How many in all the time before, then in each hour; one query."""
    hour = TruncHour("created_at", tzinfo=UTC)
    rows = events.order_by().annotate(hour=hour).values_list("hour").annotate(Count("pk"))
    counted: dict[datetime, int] = dict(rows)
    sums = [counted.get(start, 0) for start in starts]
    return [sum(counted[each] for each in counted if each < starts[0]), *sums]
