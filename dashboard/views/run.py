"""Starting a run from a workflow's page."""

from __future__ import annotations

from functools import partial

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dashboard import run_form, workspace_form
from dashboard.views import execution, workflows
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from dashboard.views.starting import STATUSES, started_once
from dashboard.words import translated
from executions import language as definition
from executions import policy
from executions.errors import Refused
from executions.intake.readiness import require_queue
from executions.intake.start import input_problems, start
from executions.models import Workflow


@for_people
@require_POST
def run(request: HttpRequest, public_id: str) -> HttpResponse:
    """Start one run and go to its page; a form that is sent twice leads to the one run that it
    started.
    """
    workflow = workflows.workflow_or_404(request, public_id)
    head = workflow.head_version
    form = run_form.form_for(head.document) if head else run_form.RunForm()
    try:
        begin = partial(_start, request, workflow, form)
        started = started_once(request, f"run {workflow.public_id}", begin)
    except run_form.InputProblem as error:
        again = run_form.with_problems(form, request.POST, error.problems)
        return workflows.render_page(request, workflow, form=again, status=400)
    except Refused as error:
        again = run_form.with_problems(form, request.POST, {"": translated(error.text)})
        return workflows.render_page(
            request, workflow, form=again, status=STATUSES.get(error.code, 400)
        )
    return redirect("execution", started)


def _start(request: HttpRequest, workflow: Workflow, form: run_form.RunForm) -> str:
    values = run_form.read(form, request.POST)
    head = workflow.head_version
    findings = (
        input_problems(definition.load(head.document), values, str(person(request).pk))
        if head
        else []
    )
    if findings:
        raise run_form.InputProblem(run_form.by_field(form, findings))
    require_queue()
    name = request.POST.get("name", "").strip()[:300]
    own = workspace_form.read(request.POST)
    return start(workflow, person(request), input=values, name=name, own_workspace=own).public_id


@for_people
@require_POST
def again(request: HttpRequest, public_id: str) -> HttpResponse:
    """Start the same once more: with the input and the workspace of this run, on the newest
    version.
    """
    run = execution.execution_or_404(request, public_id)
    workflow = run.workflow
    # A reader of a masked input would read it whole as the owner of another run with it.
    if policy.reads_masked(person(request), run):
        raise PermissionDenied(
            _("Its input is not shown to you whole: its owner may run it again.")
        )
    if workflow is None or not policy.visible_workflows(person(request)).filter(pk=workflow.pk):
        raise Http404

    def begin() -> str:
        require_queue()
        like = {"name": run.name, "own_workspace": run.own_workspace}
        return start(workflow, person(request), input=run.input, **like).public_id

    try:
        return redirect("execution", started_once(request, f"again {run.public_id}", begin))
    except Refused as refused:
        notice = {"tone": "tone-bad", "symbol": "alert", "title": translated(refused.message)}
        status = STATUSES.get(refused.code, 400)
        return execution.whole(request, run, status, outcome=True, **notice, remedy=refused.remedy)
