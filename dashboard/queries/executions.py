"""The list of executions: filters, keyset pages, counts."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from django.db.models import Count, QuerySet
from django.utils.timezone import get_current_timezone

from dashboard.queries import by_hour
from dashboard.queries.by_hour import Day
from dashboard.queries.in_time import in_time
from executions import policy
from executions.models import Execution
from executions.models.execution import ExecutionQuerySet
from executions.searching.search import ATTENTION, SEARCHED, Search
from executions.states import Phase

PAGE = 50
COUNT_CAP = 10_000
NEW_CAP = 100
# What the page is about may take longer than what stands beside it.
LIST_SECONDS = 5.0
HEAVY = ("input", "output", "error")
TEXTS = ("version__source", "version__document", "agent_version__source", "agent_version__document")


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for. ``phase`` may be ``attention``; ``owner`` is a username or ``me``.

    ``typed`` is the search as it was typed, ``search`` what was understood of it, and ``problems``
    are sentences about what was not.
    """

    phase: str = ""
    workflow: str = ""
    owner: str = ""
    # Days, the first and the last: 2026-11-20.
    since: str = ""
    until: str = ""
    oldest_first: bool = False
    typed: str = ""
    search: Search = field(default_factory=Search)
    problems: tuple[str, ...] = ()

    @property
    def wanted_phase(self) -> str:
        """The phase that is asked for, typed or chosen, or ``attention``; empty for all."""
        typed = ATTENTION if self.search.needs_attention else "".join(self.search.phases)
        return typed or self.phase

    def is_any(self) -> bool:
        dated = self.since or self.until
        return bool(self.phase or self.workflow or self.owner or dated or self.typed)

    def as_query(self) -> dict[str, str]:
        """The filters as they stand in an address; empty ones are left out."""
        named = {
            "phase": self.phase,
            "workflow": self.workflow,
            "owner": self.owner,
            "since": self.since,
            "until": self.until,
            "sort": "oldest" if self.oldest_first else "",
            "q": self.typed,
        }
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True, slots=True)
class Page:
    """``is_late``: the rows could not be read in time. ``searched_to`` is the oldest execution that
    was looked at, where a search by words has not come to the end.
    """

    rows: list[Execution] = field(default_factory=list)
    has_more: bool = False
    is_late: bool = False
    searched_to: Execution | None = None

    @property
    def cursor(self) -> str:
        """Where the next page begins."""
        if self.searched_to is not None:
            return self.searched_to.public_id
        return self.rows[-1].public_id if self.rows else ""


def visible(user: policy.Person) -> ExecutionQuerySet:
    """What this user may see, with what a row shows and without the big values."""
    rows = policy.visible_executions(user)
    return rows.select_related("workflow", "version", "agent", "agent_version", "owner").defer(
        *HEAVY, *TEXTS
    )


def page(user: policy.Person, filters: Filters, before: uuid.UUID | None = None) -> Page:
    """The page of newest executions before ``before``; of a search by words, those among the
    ``SEARCHED`` newest.
    """
    found = in_time("executions", lambda: _page(user, filters, before), LIST_SECONDS)
    return Page(is_late=True) if found is None else found


def _page(user: policy.Person, filters: Filters, before: uuid.UUID | None) -> Page:
    rows, last = visible(user), None
    if filters.oldest_first and not filters.search.reads_each_row():
        return _oldest_first(user, filters, rows, before)
    if filters.search.reads_each_row():
        rows, last = rows.newest(SEARCHED, before, filters.search.text)
    elif before is not None:
        rows = rows.filter(id__lt=before)
    found = list(_matching(user, filters, rows).order_by("-id")[: PAGE + 1])
    if len(found) > PAGE or last is None:
        return Page(found[:PAGE], len(found) > PAGE)
    end = Execution.objects.only("id", "kind", "created_at").filter(pk=last).first()
    return Page(found, has_more=end is not None, searched_to=end)


def _oldest_first(
    user: policy.Person, filters: Filters, rows: ExecutionQuerySet, after: uuid.UUID | None
) -> Page:
    if after is not None:
        rows = rows.filter(id__gt=after)
    found = list(_matching(user, filters, rows).order_by("id")[: PAGE + 1])
    return Page(found[:PAGE], len(found) > PAGE)


def tally(user: policy.Person, filters: Filters) -> dict[str, int] | None:
    """How many executions stand in each phase, the other filters applied, each counted to
    ``COUNT_CAP`` + 1; of a search by words, among the ``SEARCHED`` newest.

    None where they could not be counted in time.
    """
    others = replace(
        filters, phase="", search=replace(filters.search, phases=(), needs_attention=None)
    )
    return in_time("counts by phase", lambda: _tally(user, others))


def _tally(user: policy.Person, filters: Filters) -> dict[str, int]:
    if filters.search.reads_each_row():
        among, _ = visible(user).newest(SEARCHED)
        found = _matching(user, filters, among).order_by().values_list("phase")
        counted = dict(found.annotate(Count("pk")))
        return {str(phase): counted.get(phase, 0) for phase in Phase}
    rows = _matching(user, filters).order_by().values("pk")
    return {str(phase): rows.filter(phase=phase)[: COUNT_CAP + 1].count() for phase in Phase}


def count_newer(user: policy.Person, filters: Filters, newest: uuid.UUID | None) -> int:
    """How many match that are newer than the newest row on the page, counted to ``NEW_CAP``; 0
    where that takes too long, so that the page says nothing of them.
    """
    rows = _matching(user, filters)
    if newest is not None:
        rows = rows.filter(id__gt=newest)
    return in_time("newer executions", lambda: rows.order_by().values("pk")[:NEW_CAP].count()) or 0


def rows_by_id(user: policy.Person, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Execution]:
    """Those of ``ids`` that this user may see."""
    return {row.pk: row for row in visible(user).filter(pk__in=list(ids))}


def exists_any(user: policy.Person) -> bool:
    return policy.visible_executions(user).exists()


def _matching(
    user: policy.Person, filters: Filters, among: ExecutionQuerySet | None = None
) -> QuerySet[Execution]:
    """What the address asks for and what was typed: both have to fit."""
    rows = visible(user) if among is None else among
    for search in searches(filters):
        rows = rows.matching(search, user.pk)
    return rows


def searches(filters: Filters) -> tuple[Search, Search]:
    """What was chosen and what was typed; both have to fit."""
    chosen = Search(
        phases=(filters.phase,) if filters.phase and filters.phase != ATTENTION else (),
        needs_attention=True if filters.phase == ATTENTION else None,
        subject=filters.workflow,
        owner=filters.owner,
        after=_day(filters.since, 0),
        before=_day(filters.until, 1),
    )
    return chosen, filters.search


def _day(text: str, later: int) -> datetime | None:
    """The beginning of a day in the zone of the page, or of the one after it."""
    try:
        day = date.fromisoformat(text)
        return datetime.combine(day + timedelta(days=later), time.min, get_current_timezone())
    except (ValueError, OverflowError):
        return None


def by_hour_of(user: policy.Person, filters: Filters) -> Day | None:
    """How many of what matches began in each of the last hours; None for a search by words, and
    where they could not be counted in time.
    """
    if filters.search.reads_each_row():
        return None
    return by_hour.began(lambda: _matching(user, filters))
