"""Workflows and their pages."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard import diff, highlight, start_commands
from dashboard.graph.layers import HEIGHT, WIDTH
from dashboard.paging import id_or_404
from dashboard.queries import by_hour, figures, how_often, objectives, schedules
from dashboard.queries import execution as executions
from dashboard.queries import workflows as queries
from dashboard.queries.tabs import drawing_of
from dashboard.run_form import RunForm, filled, form_for
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from dashboard.workspace_form import choice_for
from executions import clock, policy
from executions.ids import parse_public_id
from executions.models import Execution, Workflow

LONGEST = 200


@for_people
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    user, text = person(request), request.GET.get("q", "").strip()[:LONGEST]
    rows, counts = queries.page(user, text), how_often.counts(user, "workflow")
    context = {
        "rows": how_often.beside(rows, counts),
        "counts": counts,
        "counted": how_often.COUNTED,
        "text": text,
        "server_now": clock.now(),
    }
    return render(request, "dashboard/workflows.html", context)


@for_people
@require_safe
def page(request: HttpRequest, public_id: str, number: int | None = None) -> HttpResponse:
    return render_page(request, workflow_or_404(request, public_id), number)


def render_page(
    request: HttpRequest,
    workflow: Workflow,
    number: int | None = None,
    form: RunForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of one workflow at one version (the newest if none is named), with ``form`` as it
    was sent.
    """
    user, head = person(request), workflow.head_version
    like = _run_like(request, workflow)
    if form is None and head is not None:
        form = form_for(head.document)
        form = form if like is None or like.input is None else filled(form, like.input)
    own = like.own_workspace if like is not None else None
    version = queries.version(workflow, number) if number is not None else head
    if number is not None and version is None:
        raise Http404
    before = queries.version(workflow, version.number - 1) if version else None
    begun = start_commands.beginning(form_for(head.document)) if head else "{}"
    context = {
        "curl": start_commands.curl(
            f"{request.scheme}://{request.get_host()}", workflow.slug, begun
        ),
        "command": start_commands.command(workflow.slug, begun),
        "workflow": workflow,
        "version": version,
        "is_head": bool(head and version and head.pk == version.pk),
        "source": highlight.yaml(version.source) if version else "",
        "changes": diff.lines(before.source, version.source) if before and version else [],
        "before": before,
        "drawing": drawing_of(version.pk) if version else None,
        "node_width": WIDTH,
        "node_height": HEIGHT,
        "day": by_hour.day(user, workflow=workflow.pk),
        "durations": figures.durations(user, workflow=workflow.pk),
        "objective": objectives.of(workflow),
        "versions": queries.versions(workflow),
        "latest": queries.latest_executions(user, workflow),
        "schedules": schedules.of_subject(user, workflow),
        "form": form,
        "place": choice_for(head.document, request.POST, own) if head else None,
        "may_change": policy.can_change(user, workflow),
        "server_now": clock.now(),
    }
    return render(request, "dashboard/workflow.html", context, status=status)


def _run_like(request: HttpRequest, workflow: Workflow) -> Execution | None:
    """The run that ``?like=`` names, where this person reads it whole."""
    key = parse_public_id(request.GET.get("like", ""), "wex")
    run = executions.one(person(request), key) if key else None
    if run is None or run.workflow_id != workflow.pk:
        return None
    return None if policy.reads_masked(person(request), run) else run


def workflow_or_404(request: HttpRequest, public_id: str) -> Workflow:
    """The workflow; 404 where it is missing and where this person may not see it."""
    workflow = queries.one(person(request), id_or_404(public_id, "wfl"))
    if workflow is None:
        raise Http404
    return workflow
