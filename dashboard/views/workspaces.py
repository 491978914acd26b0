"""The folders in which runs work, and the files that they have left."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.paging import id_or_404
from dashboard.queries import workspaces as queries
from dashboard.views.execution import execution_or_404
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from dashboard.words import translated
from executions import clock
from executions.errors import Refused
from executions.workspaces import serving


@for_people
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The newest ones, those that are there first."""
    user = person(request)
    context = {
        "rows": queries.of(user),
        "bytes": queries.bytes_of(user),
        "server_now": clock.now(),
        "most": queries.MOST,
    }
    return render(request, "dashboard/workspaces.html", context)


@for_people
@require_safe
def artifact(request: HttpRequest, public_id: str, artifact: str) -> HttpResponseBase:
    """A file that a run has left, never shown as a page: a command has written it."""
    execution = execution_or_404(request, public_id)
    row = queries.artifact(execution, id_or_404(artifact, "art"))
    if row is None:
        raise Http404
    try:
        serving.check_may_download(person(request), execution)
    except Refused as refused:
        raise PermissionDenied(translated(refused.message)) from refused
    try:
        return serving.download(request, row)
    except FileNotFoundError as missing:
        raise Http404 from missing
    except Refused as refused:
        return HttpResponse(refused.text, "text/plain; charset=utf-8", status=503)
