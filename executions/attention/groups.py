"""The causes for which runs need a person: one row each, for pages, API and command."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import CharField, Count, Max, Min, Q
from django.db.models.functions import Cast, Coalesce

from executions import clock, policy
from executions.models import BulkRun, CauseNote, Execution, Step
from executions.models.execution import ExecutionQuerySet
from executions.states import Phase, StepStatus

PAGE = 50
# The trend: how many stopped in each of so many hours before now.
HOURS = 24
_HEAVY = ("input", "output", "error")
_TEXTS = tuple(
    f"{name}__{text}" for name in ("version", "agent_version") for text in ("source", "document")
)
# A snoozed cause comes back before its time where it is so much worse than in the hour before.
WORSE = 3


@dataclass(slots=True)
class Group:
    """Runs that need a person for one cause.

    ``hours`` counts those that stopped in each of the last hours, the oldest first. ``example`` is
    the newest of them. ``cause`` is empty for runs of before causes were kept. ``acted`` is what
    was done last about the cause; the runs that are here came back after it.
    """

    cause: str
    count: int
    failed: int
    first_at: datetime
    last_at: datetime
    hours: tuple[int, ...]
    example: Execution
    can_skip: bool = False
    note: CauseNote | None = None
    acted: BulkRun | None = None

    @property
    def in_last_hour(self) -> int:
        return self.hours[-1]

    @property
    def came_back(self) -> bool:
        """It was dealt with, and then these stopped."""
        return self.acted is not None and self.first_at > self.acted.created_at

    def is_snoozed(self, now: datetime) -> bool:
        """Put off, its time is not over, and it has not become worse."""
        note = self.note
        if note is None or note.snoozed_until is None or note.snoozed_until <= now:
            return False
        return self.in_last_hour <= note.snoozed_above


@dataclass(frozen=True, slots=True)
class GroupPage:
    """One page of groups, what was seen last first."""

    groups: list[Group] = field(default_factory=list)
    has_more: bool = False


def circle_of(user: User | AnonymousUser) -> User | None:
    """With whom this person shares notes: with all who look after everybody's runs (None), or with
    nobody.
    """
    return None if policy.sees_everything(user) or not isinstance(user, User) else user


def needing(user: User | AnonymousUser, kind: str = "") -> ExecutionQuerySet:
    """The runs that need a person, as far as this person may see them."""
    return policy.visible_executions(user).needing_attention(kind)


def groups(
    user: User | AnonymousUser, kind: str = "", *, cause: str = "", start: int = 0, most: int = PAGE
) -> GroupPage:
    """The groups of this kind, from the ``start``-th on; with ``cause`` that one alone."""
    now = clock.now()
    rows = needing(user, kind)
    rows = rows.filter(cause=cause) if cause else rows
    counted = list(_counted(rows, **_by_hour(now))[start : start + most + 1])
    examples = _examples(user, [row["newest"] for row in counted[:most]])
    made = [_group(row, examples) for row in counted[:most] if row["newest"] in examples]
    _mark(made, circle_of(user))
    return GroupPage(made, len(counted) > most)


def most_frequent(user: User | AnonymousUser, most: int) -> list[Group]:
    """Of the groups that a page has, those with most runs, without their hours and without what
    people noted and did.
    """
    counted = list(_counted(needing(user))[:PAGE])
    chosen = sorted(counted, key=lambda row: row["count"], reverse=True)[:most]
    examples = _examples(user, [row["newest"] for row in chosen])
    return [_group(row, examples) for row in chosen if row["newest"] in examples]


def _by_hour(now: datetime) -> dict[str, Count]:
    return {
        f"hour_{index}": Count(
            "pk",
            filter=Q(
                moment__gt=now - timedelta(hours=HOURS - index),
                moment__lte=now - timedelta(hours=HOURS - index - 1),
            ),
        )
        for index in range(HOURS)
    }


def _counted(rows: ExecutionQuerySet, **hours: Count) -> Any:
    return (
        rows.order_by()
        .annotate(moment=Coalesce("failed_at", "runner_silent_at", "created_at"))
        .values("cause", "workflow", "agent")
        .annotate(
            count=Count("pk"),
            failed=Count("pk", filter=Q(phase=Phase.FAILED)),
            first_at=Min("moment"),
            last_at=Max("moment"),
            # As text, which every database can compare; the keys are ordered by time.
            newest=Max(Cast("pk", CharField())),
            **hours,
        )
        .order_by("-last_at", "cause", "workflow", "agent")
    )


def _examples(user: User | AnonymousUser, keys: Iterable[str]) -> dict[str, Execution]:
    rows = policy.visible_executions(user).filter(pk__in=[uuid.UUID(key) for key in keys])
    rows = rows.select_related("workflow", "version", "agent", "agent_version", "owner")
    by_key = {row.pk: row for row in rows.defer(*_HEAVY, *_TEXTS)}
    return {key: by_key[uuid.UUID(key)] for key in keys if uuid.UUID(key) in by_key}


def _group(row: dict[str, Any], examples: dict[str, Execution]) -> Group:
    hours = tuple(row.get(f"hour_{index}", 0) for index in range(HOURS))
    return Group(
        row["cause"],
        row["count"],
        row["failed"],
        row["first_at"],
        row["last_at"],
        hours,
        examples[row["newest"]],
    )


def _mark(made: Sequence[Group], circle: User | None) -> None:
    """The notes of people on these causes."""
    causes = {group.cause for group in made if group.cause}
    notes = CauseNote.objects.seen_by(circle).filter(cause__in=causes)
    by_cause = {note.cause: note for note in notes.select_related("assignee", "changed_by")}
    acted = _acted(causes, circle)
    skippable = _skippable([group.example for group in made])
    for group in made:
        group.note = by_cause.get(group.cause)
        group.acted = acted.get(group.cause)
        group.can_skip = group.example.pk in skippable


def _acted(causes: Iterable[str], circle: User | None) -> dict[str, BulkRun]:
    """The latest bulk run about each cause."""
    rows = BulkRun.objects.filter(cause__in=list(causes)).select_related("actor").order_by("id")
    rows = rows if circle is None else rows.of(circle)
    return {row.cause: row for row in rows}


def _skippable(examples: Sequence[Execution]) -> set[uuid.UUID]:
    """Those of which a failed step that stands is optional."""
    failed = [row.pk for row in examples if row.phase == Phase.FAILED]
    steps = Step.objects.standing().filter(
        execution__in=failed, status=StepStatus.FAILED, optional=True
    )
    return set(steps.values_list("execution_id", flat=True))
