"""What needs a person."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard import bulk
from dashboard.paging import EXECUTION, cursor
from dashboard.queries import attention as queries
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from executions import clock, policy
from executions.roles import Role


@for_people
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Everybody's executions that need a person; for support and administrators, who may see them
    all.
    """
    user = person(request)
    if not policy.sees_everything(user):
        return render(request, "403.html", status=403)
    kind = request.GET.get("kind", "")
    kind = kind if kind in queries.KINDS else ""
    context = {
        "page": queries.page(user, kind, cursor(request.GET.get("before"), *EXECUTION)),
        "counts": queries.counts(user),
        "kind": kind,
        "bulk_verbs": [
            verb for verb in bulk.VERBS if policy.is_admin(user) or Role.SUPPORT in verb.roles
        ],
        "server_now": clock.now(),
    }
    return render(request, "dashboard/attention.html", context)
