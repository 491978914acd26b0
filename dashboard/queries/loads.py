"""The load of the workers and the age of what waits, over the last day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from executions import clock
from executions.models import Load, Process
from executions.models.load import KEPT

MINUTES = 15
# Of one worker a sample is enough: each tenth minute.
SAMPLED = range(0, 60, 10)


@dataclass(frozen=True, slots=True)
class Quarter:
    """The most of a quarter of an hour; ``slots`` is 0 where no minute of it was noted."""

    since: datetime
    held: int = 0
    slots: int = 0
    waiting: int = 0
    oldest_seconds: float = 0.0
    is_known: bool = False

    def with_minute(self, held: int, slots: int, waiting: int, oldest: float) -> Quarter:
        return Quarter(
            self.since,
            max(self.held, held),
            max(self.slots, slots),
            max(self.waiting, waiting),
            max(self.oldest_seconds, oldest),
            True,
        )


@dataclass(frozen=True, slots=True)
class LoadOfDay:
    """The quarters of the last day, the oldest first."""

    quarters: Sequence[Quarter]

    @property
    def known(self) -> list[Quarter]:
        """Those of which something was noted, the newest first."""
        return [quarter for quarter in reversed(self.quarters) if quarter.is_known]

    @property
    def most_held(self) -> int:
        return max(quarter.held for quarter in self.quarters)

    @property
    def most_slots(self) -> int:
        return max(quarter.slots for quarter in self.quarters)

    @property
    def oldest_seconds(self) -> float:
        return max(quarter.oldest_seconds for quarter in self.quarters)


def of_the_day() -> LoadOfDay:
    """At most a row for each minute is read."""
    now = clock.now()
    step = timedelta(minutes=MINUTES)
    last = now.replace(minute=now.minute - now.minute % MINUTES, second=0, microsecond=0)
    number = KEPT // step
    first = last - step * (number - 1)
    quarters = [Quarter(first + step * index) for index in range(number)]
    columns = ("at", "held", "slots", "waiting", "oldest_seconds")
    for at, *minute in Load.objects.filter(at__gte=first).values_list(*columns):
        index = min((at - first) // step, number - 1)
        quarters[index] = quarters[index].with_minute(*minute)
    return LoadOfDay(quarters)


def name_loads(living: Sequence[Process]) -> None:
    """``trend`` of each is how many runs it drove over the last day, the oldest first."""
    rows = Load.objects.filter(at__gte=clock.now() - KEPT, at__minute__in=SAMPLED)
    samples = list(rows.values_list("of_workers", flat=True)) if living else []
    for process in living:
        key = process.pk.hex
        vars(process)["trend"] = [sample[key] for sample in samples if key in sample]
