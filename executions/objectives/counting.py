"""How many runs of a workflow ended well, failed, and took too long: counted by day.

A run belongs to the day (in UTC) on which it was made. Days that are over are counted once and kept
in Redis for a while: with a million runs in 30 days a page counts those of today alone. Without
Redis all are counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import redis
from django.conf import settings
from django.db.models import Count, F, Q

from executions import clock
from executions.ids import least_uuid7
from executions.models import Execution, Objective
from executions.redis_client import client
from executions.states import Phase

DAYS = 30
WEEK = 7
# Runs of a day that is over still end, and are mended: the nearer the day, the sooner it is counted
# again.
_YESTERDAY_SECONDS = 60
_EARLIER_SECONDS = 3_600
# Not all days are to be counted again in the same moment.
_APART_SECONDS = 120
_TIMEOUT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Ended:
    """Runs that ended by themselves: those that completed, ``late`` of them after their time, and
    those that failed.
    """

    completed: int = 0
    late: int = 0
    failed: int = 0

    def __add__(self, other: Ended) -> Ended:
        return Ended(
            self.completed + other.completed, self.late + other.late, self.failed + other.failed
        )


@dataclass(frozen=True, slots=True)
class Lately:
    """The runs of the last hour, 24 hours, 7 days and 30 days; days are those of UTC."""

    hour: Ended
    day: Ended
    week: Ended
    month: Ended


def lately(objective: Objective) -> Lately:
    """What an objective is measured by."""
    now = clock.now()
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    since = (now - timedelta(hours=1), now - timedelta(days=1), today)
    end = now + timedelta(days=1)
    hour, day, of_today = _counted(objective, [(each, end) for each in since])
    by_day = [of_today, *_days_before(objective, today)]
    return Lately(
        hour=hour,
        day=day,
        week=_sum(by_day[:WEEK]),
        month=_sum(by_day),
    )


def _sum(parts: Iterable[Ended]) -> Ended:
    return sum(parts, Ended())


def _days_before(objective: Objective, today: datetime) -> list[Ended]:
    """Of the days before today, the nearest first."""
    starts = [today - timedelta(days=back) for back in range(1, DAYS)]
    keys = [_key(objective, start) for start in starts]
    found = []
    for back, (start, key, kept) in enumerate(zip(starts, keys, _kept(keys), strict=True), 1):
        counted = _read(kept)
        if counted is None:
            (counted,) = _counted(objective, [(start, start + timedelta(days=1))])
            # At once: where the page's time is up before the last day, the next one goes on here.
            seconds = _YESTERDAY_SECONDS if back == 1 else _EARLIER_SECONDS + back * _APART_SECONDS
            _keep(key, counted, seconds)
        found.append(counted)
    return found


def _counted(objective: Objective, times: Sequence[tuple[datetime, datetime]]) -> list[Ended]:
    """The runs that were made in each of these times (from, before), in one statement."""
    # Keys begin with the moment at which they were made: the index by workflow finds them.
    rows = Execution.objects.filter(
        workflow_id=objective.workflow_id,
        pk__gte=least_uuid7(min(since for since, _ in times)),
        pk__lt=least_uuid7(max(until for _, until in times)),
    )
    completed = Q(phase=Phase.COMPLETED)
    # Of an objective that names no time none is late, and times are not read.
    late = Q(pk=None)
    if objective.within_seconds is not None:
        longest = timedelta(seconds=objective.within_seconds)
        late = completed & Q(ended_at__gt=F("started_at") + longest)
    how = {"completed": completed, "late": late, "failed": Q(phase=Phase.FAILED)}
    when = [Q(pk__gte=least_uuid7(since), pk__lt=least_uuid7(until)) for since, until in times]
    counts = {
        f"{name}_{number}": Count("pk", filter=ended & made)
        for number, made in enumerate(when)
        for name, ended in how.items()
    }
    found = rows.order_by().aggregate(**counts)
    return [
        Ended(**{name: found[f"{name}_{number}"] for name in how}) for number in range(len(when))
    ]


def _key(objective: Objective, start: datetime) -> str:
    return f"stigmer:objective:{objective.workflow_id}:{objective.within_seconds}:{start:%Y%m%d}"


def _kept(keys: list[str]) -> list[bytes | None]:
    with suppress(redis.RedisError):
        found: list[bytes | None] = list(_client().mget(keys))  # type: ignore[arg-type]
        return found
    return [None] * len(keys)


def _read(kept: bytes | None) -> Ended | None:
    return None if kept is None else Ended(*json.loads(kept))


def _keep(key: str, counted: Ended, seconds: int) -> None:
    numbers = [counted.completed, counted.late, counted.failed]
    with suppress(redis.RedisError):
        _client().set(key, json.dumps(numbers), ex=seconds)


def _client() -> redis.Redis:
    return client(settings.REDIS_URL, _TIMEOUT_SECONDS)
