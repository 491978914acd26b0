"""The page that asks a worker where the Python functions of a run are, at a press."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from dashboard.views.execution import execution_or_404
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from dashboard.views.refusing import status_of
from executions.errors import Refused
from executions.recovery import stacks


@for_people
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, public_id: str) -> HttpResponse:
    """A GET asks nothing: an address that is opened costs no worker anything."""
    execution = execution_or_404(request, public_id)
    context: dict[str, Any] = {"execution": execution}
    status = 200
    try:
        stacks.check_may_read(person(request))
        if request.method == "POST":
            context["shown"] = stacks.stack(execution, person(request))
    except Refused as refused:
        context["refusal"] = refused
        status = status_of(refused)
    return render(request, "dashboard/stack.html", context, status=status)
