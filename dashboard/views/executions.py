"""The list of executions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dashboard import bulk, columns, words
from dashboard.columns import Column
from dashboard.paging import EXECUTION, cursor
from dashboard.queries import agents, executions, workflows
from dashboard.queries.executions import COUNT_CAP, At, Filters
from dashboard.views.pages import page, person
from dashboard.views.refusing import status_of
from executions import clock, policy
from executions.errors import Refused
from executions.models import PersonalSettings, SavedView
from executions.searching.search import ATTENTION, SEARCHED
from executions.searching.typed import parse
from executions.states import Phase

LONGEST = 200
# All filters of an address together.
MOST = 50 * LONGEST


@page
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    return list_page(request, filters_of(request.GET))


def list_page(
    request: HttpRequest, filters: Filters, *, refusal: Refused | None = None, status: int = 200
) -> HttpResponse:
    """The list with these filters; ``refusal`` is why its filter could not be saved."""
    user, here = person(request), urlencode(filters.as_query())
    at = _at(request.GET)
    saved_views = list(SavedView.objects.of(user))
    page_of_runs = executions.page(user, filters, at)
    shown = columns.chosen(PersonalSettings.objects.of(user).columns)
    tally = executions.tally(user, filters)
    context = {
        "page": page_of_runs,
        "filters": filters,
        "chips": chips(filters, tally),
        "subjects": {
            _("Workflows"): workflows.choices(user),
            _("Agents"): agents.choices(user),
        },
        "columns": shown,
        "shown": " ".join(each.name for each in shown),
        "choices": [each for each in columns.COLUMNS if not each.is_fixed],
        "heads": [_head(filters, each) for each in shown],
        "is_first_page": at.is_first,
        "sees_everything": policy.sees_everything(user),
        "is_first_ever": not page_of_runs.rows
        and not page_of_runs.is_late
        and not executions.exists_any(user),
        "next_address": address(filters, **page_of_runs.following)
        if page_of_runs.following
        else "",
        "first_address": address(filters),
        "searched": f"{SEARCHED:,}",
        "ways": _ways(filters, page_of_runs),
        "count_address": _count_address(filters, page_of_runs),
        "bulk_verbs": bulk.VERBS,
        "day": executions.by_hour_of(user, filters),
        "here": here,
        "saved_views": saved_views,
        "saved_here": next((view for view in saved_views if view.query == here), None),
        "refusal": refusal,
        "server_now": clock.now(),
    }
    return render(request, "dashboard/executions.html", context, status=status)


def _at(query: QueryDict) -> At:
    return At(*(cursor(query.get(name), *EXECUTION) for name in ("before", "after")))


def _head(filters: Filters, column: Column) -> dict[str, object]:
    """The head of a column: where a click on it leads, and how it is sorted now."""
    order = filters.order
    direction = "descending" if order.is_down else "ascending"
    turned = replace(filters, order=order.turned(column))
    return {
        "column": column,
        "address": address(turned) if column.sorts else "",
        "sorted": direction if order.column == column else "",
    }


def _ways(filters: Filters, page_of_runs: executions.Page) -> dict[str, str]:
    """The words of the links to other pages."""
    is_end = page_of_runs.is_end_of_look
    if not filters.order.is_indexed:
        return {"first": _("First"), "next": _("Sort older") if is_end else _("Next")}
    is_down = filters.order.is_down
    return {
        "first": _("Newest") if is_down else _("Oldest"),
        "next": _("Search older") if is_end else _("Older") if is_down else _("Newer"),
    }


@page
@require_POST
def choose_columns(request: HttpRequest) -> HttpResponse:
    """Keep the columns that were checked in the person's settings."""
    user, filters = person(request), filters_of(QueryDict(request.POST.get("back", "")[:MOST]))
    names, is_usual = request.POST.getlist("column"), "usual" in request.POST
    try:
        kept = "" if is_usual else columns.kept(names)
        PersonalSettings.objects.change(user, {"columns": kept})
    except Refused as refused:
        return list_page(request, filters, refusal=refused, status=status_of(refused))
    return redirect(address(filters))


@page
@require_safe
def new_count(request: HttpRequest) -> HttpResponse:
    """How many rows wait behind the pill "N new", and the chips with their counts as they are
    now.
    """
    user, filters = person(request), filters_of(request.GET)
    newest = cursor(request.GET.get("newest"), *EXECUTION)
    shown = {"chips": chips(filters, executions.tally(user, filters))}
    return JsonResponse(
        {
            "count": executions.count_newer(user, filters, newest),
            "chips": render_to_string("dashboard/fragments/chips.html", shown),
        }
    )


def filters_of(query: QueryDict) -> Filters:
    """The filters of an address. A phase that does not exist is no filter."""
    phase = query.get("phase", "")
    exists = phase in (*Phase, ATTENTION)
    typed = _text(query, "q").strip()
    read = parse(typed, clock.now())
    return Filters(
        phase=phase if exists else "",
        workflow=_text(query, "workflow"),
        owner=_text(query, "owner"),
        since=_day(query, "since"),
        until=_day(query, "until"),
        order=columns.order_of(query.get("sort", "")),
        typed=typed,
        search=read.search,
        problems=read.problems,
    )


def _text(query: QueryDict, name: str) -> str:
    """Without a NUL: a saved view's query was not read by ``page``."""
    return query.get(name, "").replace("\x00", "")[:LONGEST]


def _day(query: QueryDict, name: str) -> str:
    """A day as a date field sends it; anything else is no filter."""
    try:
        return date.fromisoformat(query.get(name, "")[:10]).isoformat()
    except ValueError:
        return ""


def address(filters: Filters, **more: str) -> str:
    query = urlencode({**filters.as_query(), **more})
    return reverse("executions") + (f"?{query}" if query else "")


def chips(filters: Filters, tally: dict[str, int] | None) -> list[dict[str, object]]:
    """One chip for each phase that has rows or is chosen, with its count; all, without counts,
    where nobody knows.
    """
    if tally is None:
        phases = [_chip(filters, phase, words.phase_look(phase).word, None) for phase in Phase]
        return [_chip(filters, "", _("All"), None), *phases]
    total = sum(tally.values())
    made: list[dict[str, object]] = [_chip(filters, "", _("All"), total)]
    for phase in Phase:
        if tally[phase] or phase in (filters.phase, filters.wanted_phase):
            made.append(_chip(filters, phase, words.phase_look(phase).word, tally[phase]))
    return made


def _chip(filters: Filters, phase: str, word: str, count: int | None) -> dict[str, object]:
    typed = " ".join(part for part in filters.typed.split() if not part.startswith("status:"))
    shown = "…" if count is None else f"{COUNT_CAP:,}+" if count > COUNT_CAP else f"{count:,}"
    is_chosen = phase == filters.wanted_phase
    return {
        "word": word,
        "count": shown,
        "address": address(replace(filters, phase=phase, typed=typed)),
        "is_chosen": is_chosen,
    }


def _count_address(filters: Filters, page_of_runs: executions.Page) -> str:
    newest = {"newest": page_of_runs.rows[0].public_id} if page_of_runs.rows else {}
    return f"{reverse('executions-new-count')}?{urlencode({**filters.as_query(), **newest})}"
