"""How many runs of a workflow ended well, failed, and took too long: counted by day.

A run belongs to the day (in UTC) on which it was made. Days that are over are counted once and kept
in Redis for a while: with a million runs in 30 days a page counts those of today alone. The reader
gives a time for all of it: days that are not counted then are left out, and the next look goes on
from there; a day that was counted before is taken as it was. Without Redis all are counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import redis
from django.conf import settings
from django.db.models import Count, F, Q

from executions import clock
from executions.ids import least_uuid7
from executions.in_time import Time, in_time
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
# So long a day is kept, to be taken where there is no time to count it again.
_KEPT_SECONDS = 2 * 86_400
# A count of today that took so long is kept for a while, so that the time of the next look goes to
# what is not counted yet.
_SLOW_SECONDS = 0.25
_TODAY_SECONDS = 60
# So long the objectives of one answer are counted, all together.
LOOK_SECONDS = 2.0
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
    """The runs of the last hour, 24 hours, 7 days and 30 days; days are those of UTC. None for what
    could not be counted in time; ``days`` says how many of the 30 are.
    """

    hour: Ended | None
    day: Ended | None
    week: Ended | None
    month: Ended | None
    days: int


@dataclass(frozen=True, slots=True)
class _Kept:
    """Counts of before; after ``fresh_until`` (seconds since 1970) it is counted again."""

    counted: list[Ended]
    fresh_until: float


def lately(objective: Objective, time: Time) -> Lately:
    """The counts that an objective is measured by, as far as they are counted in this time."""
    now = clock.now()
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    hour, day, of_today = _today(objective, now, today, time) or (None, None, None)
    by_day = [of_today, *_days_before(objective, now, today, time)]
    return Lately(
        hour=hour,
        day=day,
        week=_sum(by_day[:WEEK]),
        month=_sum(by_day),
        days=sum(each is not None for each in by_day),
    )


def _sum(parts: Iterable[Ended | None]) -> Ended | None:
    """None where one of them is not known."""
    counts = list(parts)
    return None if None in counts else sum(filter(None, counts), Ended())


def _today(
    objective: Objective, now: datetime, today: datetime, time: Time
) -> Sequence[Ended] | None:
    """Of the last hour, of the last 24 hours, and of today."""
    key = _key(objective, today) + ":so-far"
    kept = _read(_kept([key])[0])
    if kept is not None and kept.fresh_until > now.timestamp():
        return kept.counted
    since = (now - timedelta(hours=1), now - timedelta(days=1), today)
    before, end = time.left(), now + timedelta(days=1)
    counted = in_time(
        "objective: today", lambda: _counted(objective, [(each, end) for each in since]), before
    )
    if counted is not None and before - time.left() > _SLOW_SECONDS:
        _keep(key, counted, now.timestamp() + _TODAY_SECONDS)
    return counted


def _days_before(
    objective: Objective, now: datetime, today: datetime, time: Time
) -> list[Ended | None]:
    """Of the days before today, the nearest first."""
    starts = [today - timedelta(days=back) for back in range(1, DAYS)]
    keys = [_key(objective, start) for start in starts]
    by_day: list[Ended | None] = []
    for back, (start, key, text) in enumerate(zip(starts, keys, _kept(keys), strict=True), 1):
        kept = _read(text)
        if kept is not None and kept.fresh_until > now.timestamp():
            by_day.append(kept.counted[0])
            continue
        counted = in_time(
            "objective: a day", partial(_counted, objective, [(start, _after(start))]), time.left()
        )
        if counted is not None:
            # At once: where the time is up before the last day, the next look goes on here.
            seconds = _YESTERDAY_SECONDS if back == 1 else _EARLIER_SECONDS + back * _APART_SECONDS
            _keep(key, counted, now.timestamp() + seconds)
        elif kept is not None:
            counted = kept.counted
        by_day.append(counted[0] if counted is not None else None)
    return by_day


def _after(start: datetime) -> datetime:
    return start + timedelta(days=1)


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
    totals = rows.order_by().aggregate(**counts)
    return [
        Ended(**{name: totals[f"{name}_{number}"] for name in how}) for number in range(len(when))
    ]


def _key(objective: Objective, start: datetime) -> str:
    of = f"{objective.workflow_id}:{objective.within_seconds}"
    return f"stigmer:objective-day:{of}:{start:%Y%m%d}"


def _kept(keys: list[str]) -> list[bytes | None]:
    with suppress(redis.RedisError):
        texts: list[bytes | None] = list(_client().mget(keys))  # type: ignore[arg-type]
        return texts
    return [None] * len(keys)


def _read(kept: bytes | None) -> _Kept | None:
    if kept is None:
        return None
    fresh_until, *counted = json.loads(kept)
    return _Kept([Ended(*numbers) for numbers in counted], fresh_until)


def _keep(key: str, counted: Sequence[Ended], fresh_until: float) -> None:
    numbers = [[each.completed, each.late, each.failed] for each in counted]
    with suppress(redis.RedisError):
        _client().set(key, json.dumps([fresh_until, *numbers]), ex=_KEPT_SECONDS)


def _client() -> redis.Redis:
    return client(settings.REDIS_URL, _TIMEOUT_SECONDS)
