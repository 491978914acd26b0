"""The form that sets the objective of a workflow."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from dashboard.views.refusing import status_of
from dashboard.views.workflows import workflow_or_404
from dashboard.words import translated
from executions.errors import Finding, Refused
from executions.models import Objective, Workflow
from executions.objectives import setting

FIELDS = ("success_percent", "within_seconds", "within_percent")
LONGEST = 20


@for_people
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, public_id: str) -> HttpResponse:
    """A POST sets it, or takes it away."""
    workflow, user = workflow_or_404(request, public_id), person(request)
    try:
        setting.check_may_set(workflow, user)
        if request.method == "POST":
            if request.POST.get("what") == "remove":
                setting.remove(workflow, user)
            else:
                setting.set_objective(workflow, user, _wanted(request))
            return redirect("workflow", workflow.public_id)
    except Refused as refused:
        return _form(request, workflow, refused)
    return _form(request, workflow)


def _wanted(request: HttpRequest) -> setting.Wanted:
    numbers, findings = dict[str, float | None](), []
    for name in FIELDS:
        text = request.POST.get(name, "").strip()[:LONGEST]
        try:
            numbers[name] = float(text.replace(",", ".")) if text else None
        except ValueError:
            findings.append(Finding(f"/{name}", "It is a number."))
    if findings:
        raise Refused("invalid", findings[0].message, findings=findings)
    seconds = numbers["within_seconds"]
    if seconds is not None and not seconds.is_integer():
        findings = [Finding("/within_seconds", "It is a whole number of seconds.")]
        raise Refused("invalid", findings[0].message, findings=findings)
    return setting.Wanted(
        numbers["success_percent"],
        None if seconds is None else int(seconds),
        numbers["within_percent"],
    )


def _form(request: HttpRequest, workflow: Workflow, refusal: Refused | None = None) -> HttpResponse:
    row = Objective.objects.filter(workflow=workflow).first()
    fields = {name: getattr(row, name) for name in FIELDS} if row else {}
    if request.method == "POST":
        fields = {name: request.POST.get(name, "")[:LONGEST] for name in FIELDS}
    context = {
        "workflow": workflow,
        "objective": row,
        "given": fields,
        "refusal": refusal,
        "problems": {each.pointer.strip("/"): translated(each.message) for each in refusal.findings}
        if refusal
        else {},
        "least": setting.LEAST_PERCENT,
        "most": setting.MOST_PERCENT,
        "most_seconds": setting.MOST_SECONDS,
        "usual": setting.USUAL_WITHIN_PERCENT,
    }
    status = status_of(refusal) if refusal else 200
    return render(request, "dashboard/objective_form.html", context, status=status)
