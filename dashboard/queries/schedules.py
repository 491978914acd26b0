"""Schedules and their times, as pages show them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import OuterRef, QuerySet, Subquery

from executions import policy
from executions.ids import parse_public_id
from executions.models import Agent, Occurrence, Schedule, Workflow
from executions.models.schedule import ScheduleState

MOST = 200
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Line:
    """A schedule and what became of its last time."""

    schedule: Schedule
    last: Occurrence | None


@dataclass(frozen=True, slots=True)
class Startable:
    """The workflows and agents that a schedule may start."""

    public_id: str
    name: str
    kind: str


def of(user: User, state: str = "") -> list[Line]:
    """By what is next; those that start nothing come last."""
    rows = _rows(user)
    rows = rows.filter(state=state) if state else rows
    return _with_last(rows)


def of_subject(user: User, subject: Workflow | Agent) -> list[Line]:
    """Those that start this workflow or agent."""
    rows = _rows(user)
    schedules = rows.filter(workflow=subject.pk) | rows.filter(agent=subject.pk)
    return _with_last(schedules)


def _with_last(rows: QuerySet[Schedule]) -> list[Line]:
    newest = Occurrence.objects.filter(schedule=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    ordered = rows.annotate(last_key=Subquery(newest)).order_by("next_due_at", "name")
    schedules = list(ordered[:MOST])
    keys = [row.last_key for row in schedules if row.last_key]
    by_key = Occurrence.objects.select_related("execution").in_bulk(keys)
    lines = [Line(row, by_key.get(row.last_key)) for row in schedules]
    # One database puts NULL first, the other last.
    return sorted(lines, key=lambda line: line.schedule.next_due_at is None)


def paused(user: User) -> list[Schedule]:
    """Those of this person that Stigmer paused: the inbox says so until they are resumed, also
    where no run of theirs was there to tell of it.
    """
    return list(
        Schedule.objects.filter(owner=user, state=ScheduleState.PAUSED).order_by("name")[:20]
    )


def named(user: User, text: str, most: int) -> list[Schedule]:
    """The first few whose names have this in them, or the one of this id."""
    key = parse_public_id(text, "sch")
    rows = _rows(user)
    matching = rows.filter(pk=key) if key else rows.filter(name__icontains=text)
    return list(matching.order_by("name")[:most])


def one(user: User, key: uuid.UUID) -> Schedule | None:
    return _rows(user).filter(pk=key).first()


def occurrences(schedule: Schedule) -> list[Occurrence]:
    """The newest."""
    return list(schedule.occurrences.select_related("execution", "by")[:SHOWN])


def startable(user: User) -> list[Startable]:
    """The workflows or agents that this person may run, by name."""
    kinds: Sequence[tuple[str, QuerySet[Workflow] | QuerySet[Agent]]] = (
        ("workflow", policy.visible_workflows(user)),
        ("agent", policy.visible_agents(user)),
    )
    subjects = [
        Startable(row.public_id, row.name, kind)
        for kind, rows in kinds
        for row in rows.order_by("name")[:MOST]
    ]
    return sorted(subjects, key=lambda each: (each.kind != "workflow", each.name.lower()))


def _rows(user: User) -> QuerySet[Schedule]:
    return policy.visible_schedules(user).select_related("owner", "group", "workflow", "agent")
