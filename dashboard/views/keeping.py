"""A run as a file, and what is shown of one that went to an archive."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dashboard.views.execution import execution_or_404
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from dashboard.words import translated
from executions import showing
from executions.driving import stored_values
from executions.errors import Refused
from executions.retention import exporting

DIGEST = 64


@for_people
@require_safe
def stored(request: HttpRequest, public_id: str, digest: str) -> HttpResponse:
    """A result that is too large for its step, as a file of text."""
    execution = execution_or_404(request, public_id)
    text = stored_values.find([execution.pk], digest) if len(digest) == DIGEST else None
    if text is None:
        raise Http404
    answer = HttpResponse(showing.value(text), content_type="text/plain; charset=utf-8")
    name = f"{execution.public_id}-{digest[:16]}.txt"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@for_people
@require_safe
def export(request: HttpRequest, public_id: str) -> HttpResponse:
    """The run with its history, secrets hidden."""
    execution = execution_or_404(request, public_id)
    try:
        packed = exporting.export(execution, person(request))
    except Refused as refused:
        raise PermissionDenied(translated(refused.text)) from refused
    answer = HttpResponse(packed, content_type=exporting.CONTENT_TYPE)
    name = exporting.file_name(execution)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
