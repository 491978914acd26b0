"""The list of executions: filters, keyset pages, counts."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from django.db.models import Count
from django.utils.timezone import get_current_timezone

from dashboard.columns import Order
from dashboard.queries import by_hour
from dashboard.queries.by_hour import Day
from dashboard.queries.counting import of_each
from executions import policy
from executions.ids import public_id
from executions.in_time import in_time
from executions.models import Execution
from executions.models.execution import ExecutionQuerySet
from executions.searching.search import ATTENTION, SEARCHED, Search
from executions.states import Phase

PAGE = 50
COUNT_CAP = 10_000
NEW_CAP = 100
# The list that the page is about may take longer than the figures beside it.
LIST_SECONDS = 5.0
# All phases are counted by one statement.
COUNT_SECONDS = 3.0
HEAVY = ("input", "output", "error")
TEXTS = ("version__source", "version__document", "agent_version__source", "agent_version__document")


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters that the address asks for. ``phase`` may be ``attention``; ``owner`` is a
    username or ``me``.

    ``typed`` is the search as it was typed, ``search`` what was understood of it, and ``problems``
    are sentences about what was not.
    """

    phase: str = ""
    workflow: str = ""
    owner: str = ""
    # Days, the first and the last: 2026-11-20.
    since: str = ""
    until: str = ""
    order: Order = field(default_factory=Order)
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
            "sort": self.order.as_text(),
            "q": self.typed,
        }
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True, slots=True)
class Page:
    """``is_late``: the rows could not be read in time. ``following`` is the query of the next page,
    empty where there is none. ``looked_to`` is the oldest execution that was looked at, where a
    search by words, or the sorting, has not come to the end; ``is_end_of_look``: the next page
    goes on from there.
    """

    rows: list[Execution] = field(default_factory=list)
    following: Mapping[str, str] = field(default_factory=dict)
    is_late: bool = False
    looked_to: Execution | None = None
    is_end_of_look: bool = False


@dataclass(frozen=True, slots=True)
class At:
    """The place where a page begins: ``before`` this execution; in a sorted list ``after`` that
    one.
    """

    before: uuid.UUID | None = None
    after: uuid.UUID | None = None

    @property
    def is_first(self) -> bool:
        return self.before is None and self.after is None


def visible(user: policy.Person) -> ExecutionQuerySet:
    """The executions that this user may see, with what a row shows and without the big values."""
    rows = policy.visible_executions(user)
    return rows.select_related("workflow", "version", "agent", "agent_version", "owner").defer(
        *HEAVY, *TEXTS
    )


def page(user: policy.Person, filters: Filters, at: At) -> Page:
    """The page that begins ``at``; of a search by words, and in an order that no index has, of the
    ``SEARCHED`` newest.
    """
    shown = in_time("executions", lambda: _page(user, filters, at), LIST_SECONDS)
    return Page(is_late=True) if shown is None else shown


def _page(user: policy.Person, filters: Filters, at: At) -> Page:
    if not filters.order.is_indexed:
        return _sorted(user, filters, at)
    if not filters.order.is_down and not filters.search.reads_each_row():
        return _oldest_first(user, filters, at.before)
    rows, last = visible(user), None
    if filters.search.reads_each_row():
        rows, last = rows.newest(SEARCHED, at.before, filters.search.text)
    elif at.before is not None:
        rows = rows.filter(id__lt=at.before)
    runs = list(_matching(user, filters, rows).order_by("-id")[: PAGE + 1])
    if len(runs) > PAGE or last is None:
        return _ordered(runs)
    end = _ends_at(last)
    return Page(runs, _before(end), looked_to=end, is_end_of_look=True)


def _oldest_first(user: policy.Person, filters: Filters, after: uuid.UUID | None) -> Page:
    rows = visible(user) if after is None else visible(user).filter(id__gt=after)
    return _ordered(list(_matching(user, filters, rows).order_by("id")[: PAGE + 1]))


def _ordered(runs: list[Execution]) -> Page:
    rows = runs[:PAGE]
    return Page(rows, _before(rows[-1]) if len(runs) > PAGE else {})


def _before(row: Execution | None) -> dict[str, str]:
    return {"before": row.public_id} if row is not None else {}


def _ends_at(key: uuid.UUID | None) -> Execution | None:
    if key is None:
        return None
    return Execution.objects.only("id", "kind", "created_at").filter(pk=key).first()


def _sorted(user: policy.Person, filters: Filters, at: At) -> Page:
    """A page of the ``SEARCHED`` newest that match, in an order that no index has.

    The keys of all of them are read in that order, so a page begins after the row that ended the
    one before, also where rows have come or their values changed meanwhile.
    """
    rows, last = visible(user), None
    if filters.search.reads_each_row():
        rows, last = rows.newest(SEARCHED, at.before, filters.search.text)
        matching = _matching(user, filters, rows)
    else:
        matching, last = _matching(user, filters, rows).newest(SEARCHED, at.before)
    keys = list(matching.order_by(*filters.order.keys()).values_list("pk", flat=True))
    begin = keys.index(at.after) + 1 if at.after in keys else 0
    here = keys[begin : begin + PAGE]
    by_key = visible(user).in_bulk(here)
    shown = [by_key[key] for key in here if key in by_key]
    end = _ends_at(last)
    if begin + PAGE < len(keys):
        bound = {"before": public_id("wex", at.before)} if at.before else {}
        after = {"after": public_id("wex", here[-1])}
        return Page(shown, {**bound, **after}, looked_to=end)
    return Page(shown, _before(end), looked_to=end, is_end_of_look=True)


def tally(user: policy.Person, filters: Filters) -> dict[str, int] | None:
    """How many executions stand in each phase, the other filters applied, each counted to
    ``COUNT_CAP`` + 1; of a search by words, among the ``SEARCHED`` newest.

    None where they could not be counted in time.
    """
    others = replace(
        filters, phase="", search=replace(filters.search, phases=(), needs_attention=None)
    )
    return in_time("counts by phase", lambda: _tally(user, others), COUNT_SECONDS)


def _tally(user: policy.Person, filters: Filters) -> dict[str, int]:
    if filters.search.reads_each_row():
        among, _ = visible(user).newest(SEARCHED)
        phases = _matching(user, filters, among).order_by().values_list("phase")
        counted = dict(phases.annotate(Count("pk")))
        return {str(phase): counted.get(phase, 0) for phase in Phase}
    rows = _matching(user, filters).order_by().values("pk")
    return of_each({str(phase): rows.filter(phase=phase)[: COUNT_CAP + 1] for phase in Phase})


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
) -> ExecutionQuerySet:
    """The executions that fit both what the address asks for and what was typed."""
    rows = visible(user) if among is None else among
    for search in searches(filters):
        rows = rows.matching(search, user.pk)
    return rows


def searches(filters: Filters) -> tuple[Search, Search]:
    """The search that was chosen and the one that was typed; both have to fit."""
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
