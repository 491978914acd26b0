"""One verb for several executions: begun from a list or a cause, followed on a page of its own."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from dashboard import bulk as choices
from dashboard import words
from dashboard.bulk import Choice
from dashboard.paging import id_or_404
from dashboard.queries import bulk as queries
from dashboard.queries import executions as lists
from dashboard.views.executions import filters_of
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from dashboard.views.refusing import status_of
from executions import clock
from executions.bulk import beginning, driving
from executions.bulk.beginning import Order, Unconfirmed
from executions.errors import Refused
from executions.models import BulkRun
from executions.models.bulk_run import PREFIX, ItemStatus
from executions.verbs.row import Verb

# So few are done while the person waits.
IN_PLACE = 25
# The fields of a form that say which runs are meant.
_KEPT = ("row", "all", "cause", "back")


@for_people
@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """Begin a bulk run, and lead to its page; what ends runs is asked about first."""
    sent = request.POST
    try:
        verb = beginning.verb_of(sent.get("verb", ""))
        searches = lists.searches(filters_of(QueryDict(_back(sent))))
        choice = choices.choice_of(sent, searches)
        is_asked = verb.question or beginning.needs_reason(person(request), verb)
        if is_asked and sent.get("sure") != "yes":
            return _ask(request, verb, choice)
        bulk = _begun(request, verb, choice)
    except Refused as refused:
        if isinstance(refused, Unconfirmed):
            return _ask(request, verb, choice, refused if "said" in sent else None)
        return _refused(request, refused)
    if bulk.total <= IN_PLACE and bulk.is_under_way():
        driving.try_in_place(bulk)
    return redirect("bulk-run", bulk.public_id)


def _begun(request: HttpRequest, verb: Verb, choice: Choice) -> BulkRun:
    user, sent = person(request), request.POST
    said = sent.get("said", "").replace(",", "").strip()
    order = Order(
        verb,
        choice.what,
        choice.cause,
        reason=sent.get("reason", ""),
        said=int(said) if said.isascii() and said.isdigit() and len(said) < 10 else None,
    )
    if choice.searches:
        return beginning.begin_for_all(user, order, choice.searches)
    # Foreign rows are as if they did not exist.
    visible = lists.rows_by_id(user, [row.execution_id for row in choice.rows])
    return beginning.begin(user, order, [r for r in choice.rows if r.execution_id in visible])


def _ask(
    request: HttpRequest, verb: Verb, choice: Choice, refusal: Refused | None = None
) -> HttpResponse:
    user, sent = person(request), request.POST
    if choice.searches:
        many = beginning.that_match(user, verb, choice.searches).count()
        shown: list[Any] = []
    else:
        visible = lists.rows_by_id(user, [row.execution_id for row in choice.rows])
        many, shown = len(visible), list(visible.values())[:100]
    kept = [(name, value) for name in _KEPT for value in sent.getlist(name)]
    context = {
        "verb": verb,
        "what": choice.what,
        "many": many,
        "executions": shown,
        "kept": kept,
        "asks_reason": beginning.needs_reason(user, verb),
        "asks_number": many > beginning.SAID_ABOVE,
        "refusal": refusal,
        "reason": sent.get("reason", ""),
        "back": _back(sent),
    }
    return render(request, "dashboard/bulk_sure.html", context, status=400 if refusal else 200)


def _refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
    context = {"refusal": refusal, "back": _back(request.POST)}
    return render(request, "dashboard/bulk_refused.html", context, status=status_of(refusal))


@for_people
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """The bulk runs, the newest first."""
    before = request.GET.get("before", "")
    page_of_bulk_runs = queries.page(person(request), id_or_404(before, PREFIX) if before else None)
    return render(
        request, "dashboard/bulk_runs.html", {"page": page_of_bulk_runs, "server_now": clock.now()}
    )


@for_people
@require_safe
def page(request: HttpRequest, public_id: str) -> HttpResponse:
    """How far one has come, and what became of each run."""
    return _page(request, _bulk_run_or_404(request, public_id))


def _page(
    request: HttpRequest, bulk: BulkRun, refusal: Refused | None = None, status: int = 200
) -> HttpResponse:
    user = person(request)
    wanted = request.GET.get("status", "")
    text = request.GET.get("after", "")
    after = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    shown = queries.shown(user, bulk, wanted, after)
    context = {
        "bulk": bulk,
        "shown": shown,
        "statuses": words.choices(ItemStatus.choices),
        "can_stop": bulk.actor_id == user.pk or user.is_superuser,
        "can_be_stopped": driving.can_be_stopped(bulk),
        "next_query": urlencode({"status": shown.status, "after": shown.next_after}),
        "refusal": refusal,
        "server_now": clock.now(),
    }
    return render(request, "dashboard/bulk_run.html", context, status=status)


@for_people
@require_POST
def stop(request: HttpRequest, public_id: str) -> HttpResponse:
    """Stop it, and take back what nothing has come of."""
    bulk, user = _bulk_run_or_404(request, public_id), person(request)
    try:
        driving.stop(bulk, user)
    except Refused as refused:
        return _page(request, bulk, refused, status_of(refused))
    return redirect("bulk-run", public_id)


def _bulk_run_or_404(request: HttpRequest, public_id: str) -> BulkRun:
    key: uuid.UUID = id_or_404(public_id, PREFIX)
    bulk_run = queries.visible(person(request)).filter(pk=key).first()
    if bulk_run is None:
        raise Http404
    return bulk_run


def _back(sent: QueryDict) -> str:
    """The filters of the list from which the rows came."""
    return sent.get("back", "")[:1000]
