"""The tabs of an execution's page beside its timeline."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dashboard import ways
from dashboard.graph.layers import HEIGHT, WIDTH, Drawing, Line
from dashboard.graph.marks import Mark, marks, rounds
from dashboard.graph.nodes import END, START
from dashboard.live import fragments
from dashboard.queries import tabs as queries
from dashboard.queries.execution import stopped_at
from dashboard.tabs import tabs_of
from dashboard.views.execution import execution_or_404
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from executions import policy
from executions.models import Execution
from executions.states import Phase, Runner
from executions.verbs.deciding import restore
from executions.verbs.rows import VERBS

MOST_CHECKPOINTS = 500


@for_people
@require_safe
def graph(request: HttpRequest, public_id: str) -> HttpResponse:
    execution = execution_or_404(request, public_id)
    drawing = queries.drawing(execution)
    context: dict[str, Any] = {"drawing": drawing, "node_width": WIDTH, "node_height": HEIGHT}
    if drawing is not None:
        standing = queries.standing(execution)
        by_node = marks(standing, stopped_at(execution))
        many = rounds(standing)
        context["rows"] = _rows(drawing, by_node)
        context["boxes"] = [(box, many.get(box.key, 0)) for box in drawing.boxes]
        context["lines"] = [(line, _is_taken(line, by_node, execution)) for line in drawing.lines]
    return tab(request, execution, "graph", context)


def _is_taken(line: Line, by_node: dict[str, Mark], execution: Execution) -> bool:
    """Whether the run went this way: both ends were met."""
    source, target = line.edge.source, line.edge.target
    begun = source == START or source in by_node
    is_over = target == END and execution.phase == Phase.COMPLETED
    return begun and (target in by_node or is_over)


def _rows(drawing: Drawing, by_node: dict[str, Mark]) -> list[dict[str, Any]]:
    """The nodes with how far the run has come, and what follows each: for the drawing and for the
    table beside it.
    """
    names = {place.node.key: place.node.name for place in drawing.places}
    rows = []
    for place in drawing.places:
        after = [line.edge for line in drawing.lines if line.edge.source == place.node.key]
        follows = [
            f"{edge.word}: {names[edge.target]}" if edge.word else names[edge.target]
            for edge in after
        ]
        rows.append({"place": place, "mark": by_node.get(place.node.key), "follows": follows})
    return rows


@for_people
@require_safe
def events(request: HttpRequest, public_id: str) -> HttpResponse:
    execution = execution_or_404(request, public_id)
    before = request.GET.get("before", "")
    is_number = before.isascii() and before.isdigit() and len(before) < 19
    rows, has_more = queries.events(execution, int(before) if is_number else None)
    return tab(request, execution, "events", {"events": rows, "has_more": has_more})


@for_people
@require_safe
def values(request: HttpRequest, public_id: str) -> HttpResponse:
    return tab(request, execution_or_404(request, public_id), "values", {})


@for_people
@require_safe
def audit(request: HttpRequest, public_id: str) -> HttpResponse:
    execution = execution_or_404(request, public_id)
    return tab(request, execution, "audit", {"entries": queries.audit(execution)})


@for_people
@require_safe
def checkpoints(request: HttpRequest, public_id: str) -> HttpResponse:
    execution = execution_or_404(request, public_id)
    places = restore.checkpoints(execution)
    context = {
        "checkpoints": places[:MOST_CHECKPOINTS],
        "left_out": max(0, len(places) - MOST_CHECKPOINTS),
        "why_not": why_not_restore(request, execution),
        "last_restore": restore.latest_restore(execution),
        "may_fork": ways.may_fork(execution, policy.role(person(request), execution)),
    }
    return tab(request, execution, "checkpoints", context)


def why_not_restore(request: HttpRequest, execution: Execution) -> str:
    """Empty exactly where this person may restore this execution now."""
    if execution.runner != Runner.OURS:
        return _("An external runner drives it: it has no checkpoints here.")
    if policy.role(person(request), execution) not in policy.RIGHTS["restore"]:
        return _("Only support or an administrator may restore.")
    if execution.phase not in VERBS["restore"].phases:
        return _("It can be restored while it is failed, paused, waiting or cancelled.")
    return ""


def tab(
    request: HttpRequest,
    execution: Execution,
    name: str,
    context: dict[str, Any],
    *,
    status: int = 200,
) -> HttpResponse:
    """The execution's head with this tab below it; it is read again when the execution changes."""
    shown = fragments.execution_context(execution, policy.role(person(request), execution))
    shown |= {"tabs": tabs_of(execution.kind), "tab": f"dashboard/tabs/{name}.html", **context}
    return render(request, "dashboard/tab.html", shown, status=status)
