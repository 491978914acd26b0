"""The list of executions: filters, keyset pages, counts."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Q, QuerySet

from dashboard.queries.in_time import in_time
from dashboard.search import Search
from executions import policy
from executions.ids import parse_public_id
from executions.models import Agent, Execution, Workflow
from executions.states import Phase

PAGE = 50
COUNT_CAP = 10_000
NEW_CAP = 100
# What the page is about may take longer than what stands beside it.
LIST_SECONDS = 5.0
MOST_SUBJECTS = 5_000
HEAVY = ("input", "output", "error")
TEXTS = ("version__source", "version__document", "agent_version__source", "agent_version__document")


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for. ``phase`` may be ``attention``; ``owner`` is a username or ``me``; ``typed`` is the
    search as it was typed, ``search`` what was understood of it."""

    phase: str = ""
    workflow: str = ""
    owner: str = ""
    typed: str = ""
    search: Search = field(default_factory=Search)

    def is_any(self) -> bool:
        return bool(self.phase or self.workflow or self.owner or self.typed)

    def as_query(self) -> dict[str, str]:
        """The filters as they stand in an address; empty ones are left out."""
        named = {"phase": self.phase, "workflow": self.workflow, "owner": self.owner, "q": self.typed}
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True, slots=True)
class Page:
    """``is_late``: the rows could not be read in time."""

    rows: list[Execution] = field(default_factory=list)
    has_more: bool = False
    is_late: bool = False

    @property
    def cursor(self) -> str:
        """Where the next page begins."""
        return self.rows[-1].public_id if self.rows else ""


def visible(user: policy.Person) -> QuerySet[Execution]:
    """What this user may see, with what a row shows and without the big values."""
    rows = policy.visible_executions(user)
    return rows.select_related("workflow", "version", "agent", "agent_version", "owner").defer(*HEAVY, *TEXTS)


def page(user: policy.Person, filters: Filters, before: uuid.UUID | None = None) -> Page:
    """The page of newest executions before ``before``; one query."""
    rows = _matching(user, filters)
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = in_time("executions", lambda: list(rows.order_by("-id")[: PAGE + 1]), LIST_SECONDS)
    return Page(is_late=True) if found is None else Page(found[:PAGE], len(found) > PAGE)


def tally(user: policy.Person, filters: Filters) -> dict[str, int] | None:
    """How many executions stand in each phase, the other filters applied, each counted to ``COUNT_CAP`` + 1.

    None where they could not be counted in time.
    """
    others = replace(filters, phase="", search=replace(filters.search, status=""))
    rows = _matching(user, others).order_by().values("pk")
    return in_time(
        "counts by phase",
        lambda: {str(phase): rows.filter(phase=phase)[: COUNT_CAP + 1].count() for phase in Phase},
    )


def count_newer(user: policy.Person, filters: Filters, newest: uuid.UUID | None) -> int:
    """How many match that are newer than the newest row on the page, counted to ``NEW_CAP``; 0 where that takes too
    long, so that the page says nothing of them."""
    rows = _matching(user, filters)
    if newest is not None:
        rows = rows.filter(id__gt=newest)
    return in_time("newer executions", lambda: rows.order_by().values("pk")[:NEW_CAP].count()) or 0


def rows_by_id(user: policy.Person, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Execution]:
    """Those of ``ids`` that this user may see."""
    return {row.pk: row for row in visible(user).filter(pk__in=list(ids))}


def exists_any(user: policy.Person) -> bool:
    return policy.visible_executions(user).exists()


def _matching(user: policy.Person, filters: Filters) -> QuerySet[Execution]:
    search = filters.search
    rows = _in_phase(_in_phase(visible(user), filters.phase), search.status)
    for slug in filter(None, (filters.workflow, search.workflow)):
        rows = rows.filter(Q(workflow__slug=slug) | Q(agent__slug=slug))
    for owner in filter(None, (filters.owner, search.owner)):
        rows = rows.filter(owner_id=user.pk) if owner == "me" else rows.filter(owner__username=owner)
    if search.after:
        rows = rows.filter(created_at__gte=search.after)
    if search.before:
        rows = rows.filter(created_at__lt=search.before)
    if search.step:
        rows = rows.filter(current_step__icontains=search.step)
    if search.labels:
        rows = rows.filter(Q(workflow__in=_labelled(Workflow, search)) | Q(agent__in=_labelled(Agent, search)))
    return rows.filter(_about(search.text)) if search.text else rows


def _in_phase(rows: QuerySet[Execution], phase: str) -> QuerySet[Execution]:
    if phase == "attention":
        return rows.needing_attention()  # type: ignore[attr-defined,no-any-return]
    return rows.filter(phase=phase) if phase else rows


def _labelled(kind: type[Workflow] | type[Agent], search: Search) -> list[uuid.UUID]:
    """Executions have no labels of their own: those that run something which carries all of these labels."""
    rows: list[tuple[uuid.UUID, Any]] = list(kind._default_manager.values_list("pk", "labels")[:MOST_SUBJECTS])
    return [
        key for key, labels in rows if isinstance(labels, dict) and all(_fits(labels, *one) for one in search.labels)
    ]


def _fits(labels: Any, key: str, value: str | None) -> bool:
    return isinstance(labels, dict) and key in labels and (value is None or str(labels[key]) == value)


def _about(text: str) -> Q:
    exact = parse_public_id(text, "wex", "aex")
    if exact is not None:
        return Q(pk=exact)
    return (
        Q(name__icontains=text)
        | Q(slug__icontains=text)
        | Q(workflow__slug__icontains=text)
        | Q(agent__slug__icontains=text)
        | Q(correlation_id=text)
        | Q(failure_reason__icontains=text)
    )
