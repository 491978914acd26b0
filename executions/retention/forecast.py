"""How fast the database grows, and when the disk is full: measured now and then, kept for health,
metrics and pages.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models.functions import Now
from pydantic import BaseModel, ConfigDict, ValidationError

from executions import clock
from executions.ids import least_uuid7
from executions.models import Execution, Step, Turn
from executions.retention.space import size

NAME = "growth"
EVERY = timedelta(minutes=10)
KEPT = timedelta(days=7)
# Less says nothing about a day.
LEAST = timedelta(hours=1)
MOST_SAMPLES = 200


class Sample(BaseModel):
    """How many bytes held something at a moment."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    used: int


class Forecast(BaseModel):
    """``runs`` and ``steps`` were made in the last day. ``bytes_a_day`` is None until it is known,
    ``days_to_full`` also where the disk is another machine's, or nothing grows.
    """

    model_config = ConfigDict(frozen=True)

    at: datetime | None = None
    runs: int = 0
    steps: int = 0
    used: int = 0
    free: int = 0
    bytes_a_day: int | None = None
    days_to_full: float | None = None
    samples: tuple[Sample, ...] = ()

    def sentence(self) -> str:
        """All of it for a person."""
        if self.at is None:
            return "not measured yet; a worker does it every 10 minutes"
        usage = f"{self.runs:,} runs and {self.steps:,} steps in the last day, {_bytes(self.used)}"
        if self.free:
            usage += f" and {_bytes(self.free)} free in it"
        if self.bytes_a_day is None:
            return f"{usage}; how fast it grows is known after an hour"
        if self.bytes_a_day <= 0:
            return f"{usage}; it does not grow"
        grows = f"{usage}; {_bytes(self.bytes_a_day)} more a day"
        if self.days_to_full is None:
            return grows
        return f"{grows}, the disk is full in {self.days_to_full:,.0f} days"


def latest() -> Forecast:
    """The last measurement."""
    value = Turn.objects.filter(pk=NAME).values_list("value", flat=True).first()
    try:
        return Forecast.model_validate_json(value) if value else Forecast()
    except ValidationError:
        return Forecast()


def measure() -> Forecast:
    """Measure, where it is time to, and keep it."""
    before, now = latest(), clock.now()
    if before.at is not None and now - before.at < EVERY:
        return before
    day = least_uuid7(now - timedelta(days=1))
    here = size()
    samples = [each for each in before.samples if now - each.at <= KEPT][-MOST_SAMPLES:]
    if not samples or now - samples[-1].at >= LEAST:
        samples.append(Sample(at=now, used=here.used))
    grown = _a_day(samples[0], Sample(at=now, used=here.used))
    is_known = here.left is not None and grown is not None and grown > 0
    after = Forecast(
        at=now,
        runs=Execution.objects.filter(pk__gte=day).count(),
        steps=Step.objects.filter(pk__gte=day).count(),
        used=here.used,
        free=here.free,
        bytes_a_day=grown,
        days_to_full=(here.left or 0) / grown if is_known and grown else None,
        samples=tuple(samples),
    )
    Turn.objects.get_or_create(name=NAME)
    Turn.objects.filter(pk=NAME).update(value=after.model_dump_json(), done_at=Now())
    return after


def _a_day(first: Sample, last: Sample) -> int | None:
    passed = last.at - first.at
    return (
        None if passed < LEAST else round((last.used - first.used) / (passed / timedelta(days=1)))
    )


def _bytes(number: float) -> str:
    for unit in ("bytes", "KB", "MB"):
        if abs(number) < 1000:
            return f"{number:,.0f} {unit}"
        number /= 1000
    return f"{number:,.1f} GB"
