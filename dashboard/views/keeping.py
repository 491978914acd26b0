"""A run as a file, and what is shown of one that went to an archive."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dashboard.views.execution import found
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from executions.retention import exporting


@for_people
@require_safe
def export(request: HttpRequest, public_id: str) -> HttpResponse:
    """The run with its history, secrets hidden."""
    execution = found(request, public_id)
    packed = exporting.export(execution, person(request))
    answer = HttpResponse(packed, content_type=exporting.CONTENT_TYPE)
    name = exporting.file_name(execution)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
