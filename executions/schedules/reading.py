"""Schedules as doors show them."""

from __future__ import annotations

from datetime import datetime

from executions import clock
from executions.models import Execution, Occurrence, Schedule
from executions.schedules.rule import Rule
from executions.states import ACTIVE_PHASES

SHOWN_TIMES = 5


def rule_of(schedule: Schedule) -> Rule:
    """Its rule, to be asked for times."""
    return Rule(schedule.cron, schedule.every, schedule.time_zone, schedule.anchor_at)


def next_times(schedule: Schedule, count: int = SHOWN_TIMES) -> list[datetime]:
    """The next times at which it starts a run; none while it is not active."""
    if schedule.next_due_at is None:
        return []
    following = rule_of(schedule).following(max(schedule.next_due_at, clock.now()), count - 1)
    return [schedule.next_due_at, *following]


def last_under_way(schedule: Schedule) -> Execution | None:
    """The newest run of this schedule that has not ended."""
    rows = Execution.objects.filter(occurrence__schedule=schedule, phase__in=ACTIVE_PHASES)
    return rows.order_by("-pk").first()


def last_of(schedule: Schedule) -> Occurrence | None:
    """The outcome of its last time."""
    return schedule.occurrences.select_related("execution", "by").order_by("-pk").first()
