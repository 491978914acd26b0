"""One execution's page."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard import answering, values
from dashboard.live import fragments
from dashboard.paging import EXECUTION as IDS
from dashboard.paging import id_or_404
from dashboard.queries import approvals
from dashboard.queries import execution as queries
from dashboard.tabs import tabs_of
from dashboard.views.pages import Archived, person
from dashboard.views.pages import page as for_people
from executions import policy
from executions.models import Execution


@for_people
@require_safe
def page(request: HttpRequest, public_id: str) -> HttpResponse:
    execution = found(request, public_id)
    return whole(request, execution)


def whole(
    request: HttpRequest, execution: Execution, status: int = 200, **told: Any
) -> HttpResponse:
    """The page with its timeline; ``told`` is what came of a button, where one was pressed."""
    user, journal = person(request), queries.journal(execution)
    context = fragments.execution_context(execution, policy.role(user, execution))
    context |= {"journal": journal, "steps": journal.steps, "events": journal.events}
    context |= {"tabs": tabs_of(execution.kind), **told}
    context["questions"] = [answering.question(ask) for ask in approvals.of_run(user, execution)]
    return render(request, "dashboard/execution.html", context, status=status)


@for_people
@require_safe
def earlier(request: HttpRequest, public_id: str) -> HttpResponse:
    """The steps before those on the page, as rows."""
    execution = found(request, public_id)
    steps, has_earlier = queries.earlier_steps(
        execution.pk, id_or_404(request.GET.get("before", ""), "stp")
    )
    return render(
        request,
        "dashboard/steps.html",
        {"execution": execution, "steps": steps, "has_earlier": has_earlier},
    )


@for_people
@require_safe
def step_value(request: HttpRequest, public_id: str, step: str, name: str) -> HttpResponse:
    """One whole value of a step, as text."""
    execution = found(request, public_id)
    try:
        value = queries.value(execution.pk, id_or_404(step, "stp"), name)
    except LookupError as missing:
        raise Http404 from missing
    return as_text(value)


@for_people
@require_safe
def own_value(request: HttpRequest, public_id: str, name: str) -> HttpResponse:
    """The whole input or output of the execution, as text."""
    if name not in ("input", "output"):
        raise Http404
    return as_text(getattr(found(request, public_id), name))


def as_text(value: object) -> HttpResponse:
    """JSON that a browser shows and never takes for a page."""
    headers = {"X-Content-Type-Options": "nosniff"}
    return HttpResponse(
        values.pretty(value), content_type="text/plain; charset=utf-8", headers=headers
    )


def found(request: HttpRequest, public_id: str) -> Execution:
    """The execution; 404 where it is missing and where it is not this person's, in the same
    words. Raises Archived where it went to a file.
    """
    user, key = person(request), id_or_404(public_id, *IDS)
    execution = queries.one(user, key)
    if execution is None:
        mark = policy.visible_marks(user).filter(pk=key).first()
        raise Http404 if mark is None else Archived(mark)
    return execution
