"""Questions to people and their answers: pages of them, and the questions of one run."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.contrib.auth.models import User
from django.db.models import Prefetch, Q, prefetch_related_objects

from dashboard.queries.executions import HEAVY, LIST_SECONDS
from executions import clock, policy
from executions.in_time import in_time
from executions.models import Ask, Execution, Step
from executions.models.ask import AskQuerySet
from executions.states import ACTIVE_PHASES

PAGE = 25
MOST_OF_A_RUN = 20
ANSWERED_SINCE = timedelta(days=14)
_LARGE = (
    *(f"execution__{name}" for name in (*HEAVY, "version__source", "version__document")),
    *(f"step__{name}" for name in ("input", "arguments", "output", "context", "error")),
)


@dataclass(frozen=True, slots=True)
class Page:
    """``seen``: those runs of these questions that the reader may see; ``is_late``: too slow."""

    rows: list[Ask] = field(default_factory=list)
    seen: frozenset[uuid.UUID] = frozenset()
    has_more: bool = False
    is_late: bool = False

    @property
    def cursor(self) -> str:
        """The place where the next page begins."""
        return self.rows[-1].public_id if self.rows else ""


def waiting(user: User, before: uuid.UUID | None = None) -> Page:
    """The questions that wait for this person's answer, newest first."""
    rows = Ask.objects.open().for_person(user)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return _page(user, rows, "-pk")


def answered(user: User, before: uuid.UUID | None = None) -> Page:
    """The questions of the last days that this person answered, might have answered, or may see."""
    rows = policy.visible_asks(user) | Ask.objects.filter(reviewer=user)
    rows = rows.filter(answered_at__gt=clock.now() - ANSWERED_SINCE)
    last = Ask.objects.filter(pk=before).first() if before is not None else None
    if last is not None and last.answered_at is not None:
        rows = rows.filter(
            Q(answered_at__lt=last.answered_at) | Q(answered_at=last.answered_at, pk__lt=last.pk)
        )
    return _page(user, rows, "-answered_at", "-pk")


def one(user: User, ask_id: uuid.UUID) -> Ask | None:
    """The question, open or not, or None where it is missing or not for this person to answer."""
    return _shown(Ask.objects.for_person(user)).filter(pk=ask_id).first()


def readable(user: User, ask_id: uuid.UUID) -> Ask | None:
    """The question, open or not, or None where it is missing or not for this person to see."""
    rows = policy.visible_asks(user) | Ask.objects.filter(reviewer=user)
    return _shown(rows).filter(pk=ask_id).first()


def seen_by(user: User, asks: Sequence[Ask]) -> frozenset[uuid.UUID]:
    """The runs of these questions that this person may see."""
    rows = policy.visible_executions(user).filter(pk__in={ask.execution_id for ask in asks})
    return frozenset(rows.values_list("pk", flat=True)) if asks else frozenset()


def of_run(user: User, execution: Execution) -> list[Ask]:
    """The questions that this run asks now and this person may answer."""
    if execution.phase not in ACTIVE_PHASES:
        return []
    rows = Ask.objects.open().for_person(user).filter(execution=execution)
    return list(_shown(rows).order_by("-pk")[:MOST_OF_A_RUN])


def attach(steps: Sequence[Step]) -> None:
    """Read with these steps their questions, and whom they ask: ``step.asks``."""
    people = Ask.objects.filter(answered_at=None).prefetch_related("users", "groups")
    prefetch_related_objects(list(steps), Prefetch("asks", people))


def _page(user: User, rows: AskQuerySet, *order: str) -> Page:
    ordered = _shown(rows).order_by(*order)
    asks = in_time("approvals", lambda: list(ordered[: PAGE + 1]), LIST_SECONDS)
    if asks is None:
        return Page(is_late=True)
    return Page(asks[:PAGE], seen_by(user, asks), len(asks) > PAGE)


def _shown(rows: AskQuerySet) -> AskQuerySet:
    related = ("execution__owner", "execution__workflow", "execution__version", "step", "reviewer")
    return rows.select_related(*related).defer(*_LARGE)
