"""Who works."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.queries import workers as queries
from dashboard.views.pages import page as for_people
from executions import clock


@for_people
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    return render(
        request, "dashboard/workers.html", {"shown": queries.workers(), "server_now": clock.now()}
    )
