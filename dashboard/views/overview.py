"""The overview."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.queries import overview as queries
from dashboard.queries import workflows
from dashboard.views.pages import page, person
from executions import clock


@page
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    user = person(request)
    shown = queries.overview(user)
    context = {
        "shown": shown,
        "is_first_visit": shown.tally is not None and not any(shown.tally.values()),
        "has_workflows": bool(workflows.choices(user)),
        "server_now": clock.now(),
    }
    return render(request, "dashboard/overview.html", context)
