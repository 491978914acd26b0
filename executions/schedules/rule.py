"""The rule of a schedule: when the next time is, and which one was the last. Pure.

A rule is a cron expression of five fields in a time zone, or a duration. Changes of the clock are
met as Debian's cron meets them: a time that the clock skips comes right after the gap, a time that
it shows twice comes once; where hour or minute begin with ``*`` real time counts instead. A
duration knows no such changes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from pydantic import TypeAdapter, ValidationError

from executions.calls.duration import Duration
from executions.errors import Finding
from executions.said import Said

FIELDS = 5
LONGEST_CRON = 100
LEAST_SECONDS = 10
MOST_SECONDS = 366 * 86_400
# The clock is set by at most so much: what cron says of a moment is looked for around it.
LARGEST_SHIFT = timedelta(hours=3)
_CRON_FORM = "minute hour day month weekday, for example `30 2 * * 1-5`"
_SHORT = re.compile(r"([0-9]{1,9})\s?([smhdw])")
_durations: TypeAdapter[Duration] = TypeAdapter(Duration)


@dataclass(frozen=True, slots=True)
class Rule:
    """``cron`` in ``zone``, or ``every`` counted from ``anchor``; one of the two is empty."""

    cron: str
    every: str
    zone: str
    anchor: datetime

    def next_after(self, moment: datetime) -> datetime | None:
        """The first time after ``moment``, in UTC; None where there is none within fifty years."""
        if self.every:
            return self._multiple(moment, 1)
        for each in CronSim(self.cron, self._local(moment)):
            # In an hour that the clock shows twice, cron goes by what it shows.
            if each.astimezone(UTC) > moment:
                return each.astimezone(UTC)
        return None

    def latest_until(self, moment: datetime) -> datetime | None:
        """The last time at or before ``moment``, in UTC."""
        if self.every:
            latest = self._multiple(moment, 0)
            return latest if latest > self.anchor else None
        for each in CronSim(self.cron, self._local(moment + LARGEST_SHIFT), reverse=True):
            if each.astimezone(UTC) <= moment:
                return each.astimezone(UTC)
        return None

    def following(self, moment: datetime, count: int) -> list[datetime]:
        """The next ``count`` times after ``moment``."""
        times: list[datetime] = []
        while len(times) < count and (one := self.next_after(moment)) is not None:
            times.append(one)
            moment = one
        return times

    def _multiple(self, moment: datetime, more: int) -> datetime:
        period = timedelta(seconds=seconds_of(self.every))
        return self.anchor + period * max(0, (moment - self.anchor) // period + more)

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(ZoneInfo(self.zone))


def written(every: str) -> str:
    """A duration as it is kept: ``15m`` is ``PT15M``; any other text is as it was."""
    short = _SHORT.fullmatch(every.strip())
    if short is None:
        return every.strip()
    number, unit = short[1], short[2].upper()
    return f"P{number}{unit}" if unit in "DW" else f"PT{number}{unit}"


def seconds_of(every: str) -> int:
    """The length of a duration in whole seconds. Raises ValueError."""
    try:
        seconds = _durations.validate_python(every).seconds
    except ValidationError as problem:
        raise ValueError(str(problem.errors()[0]["msg"])) from problem
    if seconds is None:
        raise ValueError("a duration is written down here, for example PT15M")
    if seconds != int(seconds) or not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        raise ValueError(f"a duration has {LEAST_SECONDS} to {MOST_SECONDS:,} whole seconds")
    return int(seconds)


def problems(cron: str, every: str, zone: str, now: datetime) -> list[Finding]:
    """The problems of a rule; empty where it is one."""
    if bool(cron) == bool(every):
        return [Finding("/cron", "a schedule has `cron` or `every`, one of the two")]
    if zone not in available_timezones():
        said = f"{zone[:64]!r} is no time zone; write for example Europe/Berlin or UTC"
        return [Finding("/time_zone", said)]
    if every:
        return _problems_of_every(every)
    return _problems_of_cron(cron, zone, now)


def _problems_of_every(every: str) -> list[Finding]:
    try:
        seconds_of(every)
    except ValueError as problem:
        return [Finding("/every", Said("{every!r}: {problem}", every=every[:40], problem=problem))]
    return []


def _problems_of_cron(cron: str, zone: str, now: datetime) -> list[Finding]:
    if len(cron) > LONGEST_CRON or len(cron.split()) != FIELDS:
        return [
            Finding("/cron", Said("a cron expression has five fields: {form}", form=_CRON_FORM))
        ]
    try:
        if Rule(cron, "", zone, now).next_after(now) is None:
            return [Finding("/cron", "no time within fifty years fits this expression")]
    except CronSimError as problem:
        wrong = str(problem).removeprefix("Bad ")
        return [
            Finding(
                "/cron",
                Said(
                    "its field {wrong} cannot be read; it has {form}", wrong=wrong, form=_CRON_FORM
                ),
            )
        ]
    return []
