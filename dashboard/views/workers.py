"""The workers, and those that take nothing new."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from dashboard.paging import id_or_404
from dashboard.queries import workers as queries
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from dashboard.views.refusing import status_of
from executions import clock, policy
from executions.errors import Refused
from executions.models import Process
from executions.recovery import draining

_ACTS = {"drain": draining.drain, "resume": draining.resume}


@for_people
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    return _shown(request)


@for_people
@require_POST
def act(request: HttpRequest, public_id: str, what: str) -> HttpResponse:
    """``drain`` has a worker take nothing new, ``resume`` lets it take work again."""
    key, carry_out = id_or_404(public_id, "wrk"), _ACTS.get(what)
    if carry_out is None or not Process.objects.workers().filter(pk=key).exists():
        raise Http404
    try:
        carry_out(key, person(request))
    except Refused as refused:
        return _shown(request, refused)
    return redirect("workers")


def _shown(request: HttpRequest, refused: Refused | None = None) -> HttpResponse:
    user = person(request)
    context = {
        "shown": queries.workers(user),
        "is_admin": policy.is_admin(user),
        "refusal": refused,
        "server_now": clock.now(),
    }
    status = status_of(refused) if refused else 200
    return render(request, "dashboard/workers.html", context, status=status)
