"""Questions that wait for people, their answers, and answering."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.views.decorators.http import require_POST, require_safe

from dashboard import answering
from dashboard.answering import Question
from dashboard.paging import cursor, id_or_404
from dashboard.queries import approvals as queries
from dashboard.queries import inbox
from dashboard.run_form import InputProblem
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from dashboard.views.refusing import explained, status_of
from dashboard.words import translated
from executions import clock, policy
from executions.errors import Refused
from executions.live import asks as asks_live
from executions.models import Ask
from executions.states import Phase
from executions.verbs import asks

IDS = "ask"
_HELD = N_("It is kept: the run is paused, and goes on with it when somebody resumes it.")


@for_people
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The questions that this person may answer, with a form for each."""
    before = cursor(request.GET.get("before"), IDS)
    return _page(request, lambda: queries.waiting(person(request), before))


@for_people
@require_safe
def answered(request: HttpRequest) -> HttpResponse:
    """The answers of the last days."""
    page_of_asks = queries.answered(person(request), cursor(request.GET.get("before"), IDS))
    context = {"page": page_of_asks, "days": queries.ANSWERED_SINCE.days, "server_now": clock.now()}
    return render(request, "dashboard/answered.html", context)


@for_people
@require_safe
def one(request: HttpRequest, public_id: str) -> HttpResponse:
    """One question: its form for whoever may answer it, what became of it for all who may see
    it.
    """
    user, key = person(request), id_or_404(public_id, IDS)
    ask = queries.readable(user, key)
    if ask is None:
        raise Http404
    inbox.mark_seen(user.pk, ask.execution_id)
    may_answer = ask.is_open(ask.execution) and queries.one(user, key) is not None
    context: dict[str, Any] = {
        "ask": ask,
        "page": queries.Page([ask], queries.seen_by(user, [ask])),
        "question": answering.question(ask) if may_answer else None,
        "is_open": ask.is_open(ask.execution),
        "server_now": clock.now(),
    }
    return render(request, "dashboard/approval.html", context)


@for_people
@require_POST
def respond(request: HttpRequest, public_id: str) -> HttpResponse:
    """Answer; a refusal stands in the form, with all that was typed."""
    user = person(request)
    ask = queries.one(user, id_or_404(public_id, IDS))
    if ask is None:
        raise Http404
    asked = answering.question(ask)
    try:
        answer = answering.given(asked, request.POST)
        asks.respond(ask, user, answer)
    except InputProblem as problem:
        return _again(request, answering.again(asked, request.POST, problem.problems), 400)
    except Refused as refused:
        if refused.code == "conflict":
            notice = {
                "tone": "tone-warn",
                "symbol": "alert",
                "title": translated(refused.message),
                "remedy": refused.remedy,
            }
            return _after_answer(request, ask, notice, status_of(refused))
        return _again(request, answering.refused(asked, request.POST, refused), status_of(refused))
    notice = {"tone": "tone-good", "symbol": "check", "title": _("Done.")}
    said = _("You answered: {answer}.").format(answer=ask.label_of(answer.outcome))
    is_held = ask.execution.phase == Phase.PAUSED
    notice["text"] = f"{said} {_(_HELD) if is_held else _('The run goes on.')}"
    return _after_answer(request, ask, notice)


def _again(request: HttpRequest, asked: Question, status: int) -> HttpResponse:
    """The form as it was sent: in its place for htmx, else as the only one of a page."""
    if getattr(request, "htmx", False):
        return explained(request, "dashboard/fragments/answer.html", {"question": asked}, status)
    page_of_asks = queries.Page([asked.ask], queries.seen_by(person(request), [asked.ask]))
    return _page(request, lambda: page_of_asks, asked, status)


def _after_answer(
    request: HttpRequest, ask: Ask, notice: dict[str, Any], status: int = 200
) -> HttpResponse:
    """The result of an answer; the form is over."""
    if getattr(request, "htmx", False):
        over = "dashboard/fragments/answer_over.html"
        return explained(request, over, {"ask": ask, **notice}, status)
    if status == 200:
        return redirect("approvals")
    user = person(request)
    return _page(request, lambda: queries.waiting(user), status=status, outcome=True, **notice)


def _page(
    request: HttpRequest,
    read: Callable[[], queries.Page],
    asked: Question | None = None,
    status: int = 200,
    **notice: Any,
) -> HttpResponse:
    before, page_of_asks = asks_live.waiting(person(request)), read()
    questions = [asked] if asked else [answering.question(ask) for ask in page_of_asks.rows]
    context = {"page": page_of_asks, "questions": questions, "server_now": clock.now(), **notice}
    context["asks"] = before
    context["proposals"] = policy.proposals_for(person(request))
    return render(request, "dashboard/approvals.html", context, status=status)
