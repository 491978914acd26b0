"""Saved views of the list of executions: kept and forgotten by the person whose they are."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from dashboard.paging import id_or_404
from dashboard.views.executions import MOST, address, filters_of, list_page
from dashboard.views.pages import page, person
from dashboard.views.refusing import status_of
from executions.errors import Refused
from executions.models import SavedView


@page
@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Save the filter that was on the page; only what the list understands of it is kept."""
    # Four fields, each bounded, each at most twelve characters once it is escaped.
    filters = filters_of(QueryDict(request.POST.get("query", "")[:MOST]))
    try:
        SavedView.objects.keep(
            person(request), request.POST.get("name", ""), urlencode(filters.as_query())
        )
    except Refused as refused:
        return list_page(request, filters, refusal=refused, status=status_of(refused))
    return redirect(address(filters))


@page
@require_POST
def forget(request: HttpRequest, public_id: str) -> HttpResponse:
    """Somebody else's is not there."""
    view = SavedView.objects.of(person(request)).filter(pk=id_or_404(public_id, "svw")).first()
    if view is None:
        raise Http404
    view.delete()
    return redirect(address(filters_of(QueryDict(view.query))))
