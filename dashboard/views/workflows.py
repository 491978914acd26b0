"""Workflows and their pages."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard import highlight, start_commands
from dashboard.paging import id_or_404
from dashboard.queries import execution as executions
from dashboard.queries import workflows as queries
from dashboard.run_form import RunForm, filled, form_for
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from executions import clock, policy
from executions.ids import parse_public_id
from executions.models import Workflow

LONGEST = 200


@for_people
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    user, text = person(request), request.GET.get("q", "").strip()[:LONGEST]
    rows, counts = queries.page(user, text), queries.counts(user)
    shown = [
        (row, counts.runs.get(row.pk, 0), counts.failed.get(row.pk, 0))
        if counts
        else (row, None, None)
        for row in rows
    ]
    context = {
        "rows": shown,
        "counts": counts,
        "counted": queries.COUNTED,
        "text": text,
        "server_now": clock.now(),
    }
    return render(request, "dashboard/workflows.html", context)


@for_people
@require_safe
def page(request: HttpRequest, public_id: str, number: int | None = None) -> HttpResponse:
    return render_page(request, found(request, public_id), number)


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
    if form is None and head is not None:
        form = _form_like(request, workflow, form_for(head.document))
    version = queries.version(workflow, number) if number is not None else head
    if number is not None and version is None:
        raise Http404
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
        "versions": queries.versions(workflow),
        "latest": queries.latest_executions(user, workflow),
        "form": form,
        "may_change": policy.can_change(user, workflow),
        "server_now": clock.now(),
    }
    return render(request, "dashboard/workflow.html", context, status=status)


def _form_like(request: HttpRequest, workflow: Workflow, form: RunForm) -> RunForm:
    """The empty form, or with the input of the run that ``?like=`` names."""
    key = parse_public_id(request.GET.get("like", ""), "wex")
    run = executions.one(person(request), key) if key else None
    if run is None or run.workflow_id != workflow.pk or run.input is None:
        return form
    return filled(form, run.input)


def found(request: HttpRequest, public_id: str) -> Workflow:
    """The workflow; 404 where it is missing and where this person may not see it."""
    workflow = queries.one(person(request), id_or_404(public_id, "wfl"))
    if workflow is None:
        raise Http404
    return workflow
