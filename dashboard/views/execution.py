"""One execution's page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard import answering, listing, values
from dashboard.live import fragments
from dashboard.paging import EXECUTION as IDS
from dashboard.paging import id_or_404
from dashboard.queries import approvals, inbox
from dashboard.queries import execution as queries
from dashboard.tabs import tabs_of
from dashboard.templatetags.journal import last_name
from dashboard.trail import Node
from dashboard.views.pages import Archived, person
from dashboard.views.pages import page as for_people
from executions import policy, sight
from executions.live.asks import waiting
from executions.models import Execution
from executions.states import ACTIVE_PHASES
from executions.verbs.rows import VERBS

# So many rows hold what their steps did; of more it is read when one is opened.
INLINE = 20
LONGEST_PATH = 4000


@for_people
@require_safe
def page(request: HttpRequest, public_id: str) -> HttpResponse:
    execution = execution_or_404(request, public_id)
    inbox.mark_seen(person(request).pk, execution.pk)
    return whole(request, execution)


def whole(
    request: HttpRequest, execution: Execution, status: int = 200, **notice: Any
) -> HttpResponse:
    """The page with its steps; ``notice`` is what came of a button, where one was pressed."""
    user = person(request)
    asked = waiting(user)
    context = fragments.execution_context(execution, policy.role(user, execution))
    context["asks"] = asked
    # Rows are read after the execution, so nothing between is missed.
    context |= {"listing": listing_of(request, execution), "events": queries.events_of(execution)}
    context["may_amend"] = may_amend(user, execution)
    context["is_inline"] = count_of(context["listing"].nodes) <= INLINE
    context |= {"tabs": tabs_of(execution.kind), **notice}
    context["may_read_stack"] = policy.may_read_stack(user) and execution.phase in ACTIVE_PHASES
    context["questions"] = [answering.question(ask) for ask in approvals.of_run(user, execution)]
    return render(request, "dashboard/execution.html", context, status=status)


def listing_of(request: HttpRequest, execution: Execution) -> listing.Listing:
    """Its steps, or those that the address asks for."""
    text, only = request.GET.get("find", "").strip()[:200], request.GET.get("only", "")
    if text or only:
        return listing.sought(execution, text, only)
    return listing.whole(execution)


def may_amend(user: policy.Person, execution: Execution) -> bool:
    """Whether this person may change the result of a finished call now."""
    verb = VERBS["amend"]
    return execution.phase in verb.phases and policy.role(user, execution) in verb.roles


def count_of(nodes: Sequence[Node]) -> int:
    """How many rows are shown."""
    return sum(1 + count_of(node.nodes) for node in nodes)


@for_people
@require_safe
def earlier(request: HttpRequest, public_id: str) -> HttpResponse:
    """The steps before those on the page, as rows."""
    execution = execution_or_404(request, public_id)
    before = id_or_404(request.GET.get("before", ""), "stp")
    context = {"execution": execution, "listing": listing.earlier(execution, before)}
    return render(request, "dashboard/steps.html", context)


@for_people
@require_safe
def step(request: HttpRequest, public_id: str, step: str) -> HttpResponse:
    """One step in full: what its row holds when it is opened."""
    execution = execution_or_404(request, public_id)
    row = queries.one_step(execution.pk, id_or_404(step, "stp"))
    if row is None:
        raise Http404
    context = {"step": row, "title": row.name, "part": "dashboard/steps/inside.html"}
    context["may_amend"] = may_amend(person(request), execution)
    return part(request, execution, context)


@for_people
@require_safe
def rounds(request: HttpRequest, public_id: str) -> HttpResponse:
    """The rounds of a loop."""
    execution, of = execution_or_404(request, public_id), _path(request, "of")
    after, only = request.GET.get("after", ""), request.GET.get("only", "")
    is_number = after.isascii() and after.isdigit() and len(after) < 10
    nodes, more = listing.rounds(execution, of, int(after) if is_number else -1, only)
    context = {"nodes": nodes, "has_more": more, "of": of, "only": only}
    context |= {"title": f"Rounds of {last_name(of)}", "part": "dashboard/steps/rounds.html"}
    context["after"] = nodes[-1].said.number if nodes else 0
    return part(request, execution, context)


@for_people
@require_safe
def one_round(request: HttpRequest, public_id: str) -> HttpResponse:
    """The steps of one round of a loop."""
    execution, at = execution_or_404(request, public_id), _path(request, "at")
    context = {"nodes": listing.inside(execution, at), "part": "dashboard/steps/rounds.html"}
    return part(request, execution, {**context, "title": f"A round of {last_name(at)}"})


def _path(request: HttpRequest, name: str) -> str:
    path = request.GET.get(name, "")
    if not path.startswith("/") or len(path) > LONGEST_PATH:
        raise Http404
    return path


def part(request: HttpRequest, execution: Execution, context: dict[str, Any]) -> HttpResponse:
    """A part of the page alone, where a page asks for it; else a page with nothing else."""
    is_part = "X-Part" in request.headers
    template = context["part"] if is_part else "dashboard/part.html"
    return render(request, template, {"execution": execution, **context})


@for_people
@require_safe
def step_value(request: HttpRequest, public_id: str, step: str, name: str) -> HttpResponse:
    """One whole value of a step, as text."""
    execution = execution_or_404(request, public_id)
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
    return as_text(getattr(execution_or_404(request, public_id), name))


def as_text(value: object) -> HttpResponse:
    """JSON that a browser shows and never takes for a page."""
    headers = {"X-Content-Type-Options": "nosniff"}
    return HttpResponse(
        values.pretty(value), content_type="text/plain; charset=utf-8", headers=headers
    )


def execution_or_404(request: HttpRequest, public_id: str) -> Execution:
    """The execution; 404 where it is missing and where it is not this person's, in the same
    words. Raises Archived where it went to a file.
    """
    user, key = person(request), id_or_404(public_id, *IDS)
    execution = queries.one(user, key)
    if execution is None:
        mark = policy.visible_marks(user).filter(pk=key).first()
        raise Http404 if mark is None else Archived(mark)
    sight.look(user, execution)
    return execution
