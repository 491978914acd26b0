"""The list of executions."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_safe

from dashboard import bulk, words
from dashboard.paging import EXECUTION, cursor
from dashboard.queries import executions, workflows
from dashboard.queries.executions import COUNT_CAP, Filters
from dashboard.search import parse
from dashboard.views.pages import page, person
from executions import clock, policy
from executions.states import Phase

LONGEST = 200


@page
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    user, filters = person(request), filters_of(request.GET)
    before = cursor(request.GET.get("before"), *EXECUTION)
    found = executions.page(user, filters, before)
    tally = executions.tally(user, filters)
    context = {
        "page": found,
        "filters": filters,
        "chips": chips(filters, tally),
        "workflows": workflows.choices(user),
        "is_first_page": before is None,
        "sees_everything": policy.sees_everything(user),
        "is_first_ever": not found.rows and not executions.exists_any(user),
        "next_address": address(filters, before=found.cursor) if found.has_more else "",
        "first_address": address(filters),
        "count_address": _count_address(filters, found),
        "bulk_verbs": bulk.VERBS,
        "here": urlencode(filters.as_query()),
        "server_now": clock.now(),
    }
    return render(request, "dashboard/executions.html", context)


@page
@require_safe
def new_count(request: HttpRequest) -> HttpResponse:
    """How many rows wait behind the pill "N new", and the chips with their counts as they are now."""
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
    known = phase in (*Phase, "attention")
    typed = query.get("q", "").strip().replace("\x00", "")[:LONGEST]
    return Filters(
        phase=phase if known else "",
        workflow=query.get("workflow", "")[:LONGEST],
        owner=query.get("owner", "")[:LONGEST],
        typed=typed,
        search=parse(typed, clock.now()),
    )


def address(filters: Filters, **more: str) -> str:
    query = urlencode({**filters.as_query(), **more})
    return reverse("executions") + (f"?{query}" if query else "")


def chips(filters: Filters, tally: dict[str, int]) -> list[dict[str, object]]:
    """One chip for each phase that has rows or is chosen, with its count."""
    total = sum(tally.values())
    made: list[dict[str, object]] = [_chip(filters, "", "All", total)]
    for phase in Phase:
        if tally[phase] or phase in (filters.phase, filters.search.status):
            made.append(_chip(filters, phase, words.phase_look(phase).word, tally[phase]))
    return made


def _chip(filters: Filters, phase: str, word: str, count: int) -> dict[str, object]:
    typed = " ".join(part for part in filters.typed.split() if not part.startswith("status:"))
    shown = f"{COUNT_CAP:,}+" if count > COUNT_CAP else f"{count:,}"
    is_chosen = phase == (filters.search.status or filters.phase)
    return {
        "word": word,
        "count": shown,
        "address": address(replace(filters, phase=phase, typed=typed)),
        "is_chosen": is_chosen,
    }


def _count_address(filters: Filters, found: executions.Page) -> str:
    newest = {"newest": found.rows[0].public_id} if found.rows else {}
    return f"{reverse('executions-new-count')}?{urlencode({**filters.as_query(), **newest})}"
