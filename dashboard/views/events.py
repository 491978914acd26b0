"""The events that came in for a person's runs, and how many took each."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.paging import cursor
from dashboard.queries import events as queries
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from executions import clock, policy
from executions.ids import public_id
from executions.live.cloud_events import mark_of
from executions.live.topics import events_topic

IDS = "evt"


@for_people
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The newest first."""
    user = person(request)
    is_newest = "before" not in request.GET
    # Read before the events: one that comes between is pushed to the page.
    live = {"topic": events_topic(user.pk), "mark": mark_of(user)} if is_newest else {}
    recent = queries.recent(user, cursor(request.GET.get("before"), IDS))
    rows = [
        (row, public_id("wex", row.execution_id) if row.execution_id else "") for row in recent.rows
    ]
    context = {"page": recent, "rows": rows, "server_now": clock.now(), **live}
    context["is_of_all"] = policy.sees_everything(user)
    return render(request, "dashboard/events.html", context)
