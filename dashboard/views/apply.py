"""Applying a definition from the browser."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from dashboard.views import workflows
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from executions.errors import Refused
from executions.intake.apply import apply_definition
from executions.language import DefinitionError


@for_people
@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: HttpRequest) -> HttpResponse:
    """The editor; on POST the definition is applied, or all its problems are shown beside it."""
    if request.method != "POST":
        return render(request, "dashboard/apply.html", {"text": _beginning(request)})
    text, refusal = _text(request)
    context: dict[str, object] = {"text": text, "refusal": refusal}
    if not refusal:
        try:
            applied = apply_definition(text, person(request))
        except DefinitionError as error:
            context["problems"] = error.problems
        except Refused as error:
            context["refusal"] = error.text
        else:
            response = redirect("workflow", applied.workflow.public_id)
            response["Location"] += f"?applied={applied.result}"
            return response
    return render(request, "dashboard/apply.html", context, status=400)


def _beginning(request: HttpRequest) -> str:
    """The text of the workflow that shall be changed, where one is named."""
    public_id = request.GET.get("from", "")
    if not public_id:
        return ""
    head = workflows.found(request, public_id).head_version
    return head.source if head else ""


def _text(request: HttpRequest) -> tuple[str, str]:
    """What was pasted or uploaded, and why it cannot be taken, if so."""
    upload = request.FILES.get("file")
    limit = settings.STIGMER_DEFINITION_BYTES
    if upload is None:
        return request.POST.get("text", ""), ""
    if (upload.size or 0) > limit:
        return "", f"The file has {upload.size:,} bytes; a definition may have {limit:,}."
    try:
        return upload.read().decode("utf-8"), ""
    except UnicodeDecodeError as problem:
        return (
            "",
            f"The file is not UTF-8 text: byte {problem.start} cannot be read. Save it as UTF-8.",
        )
