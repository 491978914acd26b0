"""A finished run of an agent, walked again with no model and no tool."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dashboard.views.execution import execution_or_404
from dashboard.views.pages import page as for_people
from dashboard.views.refusing import status_of
from dashboard.views.tabs import tab
from executions.driving.replays import replay
from executions.errors import Refused
from executions.models import AgentVersion

MOST_VERSIONS = 100


@for_people
@require_safe
def page(request: HttpRequest, public_id: str) -> HttpResponse:
    """Where ``?version=`` (the newest, where none is named) would do something else."""
    execution = execution_or_404(request, public_id)
    if execution.kind != "agent":
        raise Http404
    rows = AgentVersion.objects.filter(agent=execution.agent_id).select_related("created_by")
    versions = list(rows.defer("source", "document").order_by("-number")[:MOST_VERSIONS])
    asked = request.GET.get("version", "")
    is_number = asked.isascii() and asked.isdigit() and 0 < len(asked) < 10
    number = int(asked) if is_number else versions[0].number if versions else None
    context: dict[str, Any] = {"versions": versions, "number": number}
    try:
        context["replayed"] = replay(execution, number=number)
    except Refused as refused:
        context["refusal"] = refused
        return tab(request, execution, "replay", context, status=status_of(refused))
    return tab(request, execution, "replay", context)
