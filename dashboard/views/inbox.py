"""The inbox."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from dashboard import words
from dashboard.addresses import href
from dashboard.paging import cursor, id_or_404
from dashboard.queries import inbox as queries
from dashboard.queries import schedules
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from executions import clock


@for_people
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """A notice of something mended meanwhile says so here once, and is read then."""
    user, filters = person(request), queries.filters_of(request.GET)
    rows, has_more = queries.page(user.pk, filters, cursor(request.GET.get("before"), "ntf"))
    seen = queries.seen_by(user, [row.newest for row in rows])
    context = {
        "rows": [
            (row, href(row.newest.event, row.newest.event.execution_id in seen)) for row in rows
        ],
        "has_more": has_more,
        "oldest": rows[-1].newest if rows else None,
        "filters": filters,
        "shows": dict(words.choices(queries.SHOWN.items())),
        "abouts": dict(words.choices(queries.ABOUT.items())),
        "paused": schedules.paused(user),
        "server_now": clock.now(),
    }
    answer = render(request, "dashboard/inbox.html", context)
    if filters.show != "unread" and not filters.about:
        queries.mark_settled(user.pk)
    return answer


@for_people
@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Mark one notification, and those that are alike, as read, or all; then on to where it
    points.
    """
    one = request.POST.get("one", "")
    queries.mark_read(person(request).pk, id_or_404(one, "ntf") if one else None)
    then = request.POST.get("then", "")
    inside = url_has_allowed_host_and_scheme(then, allowed_hosts=None) and then.startswith("/")
    return redirect(then if inside else reverse("inbox"))
