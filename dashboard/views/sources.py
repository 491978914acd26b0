"""Sources of signed webhooks: made, given another secret, looked at, deleted."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.paging import id_or_404
from dashboard.queries import sources as queries
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from executions import clock, policy
from executions.errors import Refused
from executions.inbound import sources, visits
from executions.models import EventSource

USUAL_TYPE = "webhook"


@for_people
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The list and the form; a POST makes a source and shows its secret, this once."""
    user, context, status = person(request), dict[str, Any](), 200
    if request.method == "POST":
        name, type_ = request.POST.get("name", ""), request.POST.get("type", "") or USUAL_TYPE
        context |= {"name": name, "type": type_}
        try:
            made, secret = sources.create(user, name.strip(), type_.strip())
            context |= {"made": made, "secret": secret, "name": "", "type": ""}
        except Refused as refused:
            context["refusal"], status = refused, 400
    context |= {"rows": queries.of(user), "server_now": clock.now(), "usual": USUAL_TYPE}
    context["is_of_all"] = policy.is_admin(user)
    return render(request, "dashboard/sources.html", context, status=status)


@for_people
@require_safe
def one(request: HttpRequest, public_id: str) -> HttpResponse:
    """The events that it sent last, and why they were refused."""
    return _shown(request, _source_or_404(request, public_id))


@for_people
@require_POST
def rotate(request: HttpRequest, public_id: str) -> HttpResponse:
    """Another secret, which is shown this once."""
    source = _source_or_404(request, public_id)
    return _shown(request, source, secret=sources.rotate(source, person(request)))


@for_people
@require_POST
def delete(request: HttpRequest, public_id: str) -> HttpResponse:
    sources.delete(_source_or_404(request, public_id), person(request))
    return redirect("sources")


def _shown(request: HttpRequest, source: EventSource, secret: str = "") -> HttpResponse:
    context = {
        "source": source,
        "secret": secret,
        "visits": visits.latest(source),
        "server_now": clock.now(),
    }
    return render(request, "dashboard/source.html", context)


def _source_or_404(request: HttpRequest, public_id: str) -> EventSource:
    source = queries.one(person(request), id_or_404(public_id, "src"))
    if source is None:
        raise Http404
    return source
