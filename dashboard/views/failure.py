"""What a request is answered with when nothing else could: trouble of the database that passes, or an error of ours."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.defaults import server_error

from executions.api.door import answer_to
from executions.api.refusals import RETRY_AFTER_SECONDS
from executions.models.passing import trouble, unavailable


def failure(request: HttpRequest) -> HttpResponse:
    """Django's handler500, for every page, Django's admin too. It asks nothing of the database.

    What passes is 503 with Retry-After and says what to do: a notice where htmx asked, else a page. Below /api it is
    the API's own answer.
    """
    error = sys.exc_info()[1]
    if request.path.startswith("/api/") and isinstance(error, Exception):
        return answer_to(request, error)
    found = trouble(error)
    if found is None:
        return server_error(request)
    refused = unavailable(found)
    context = {"tone": "tone-bad", "symbol": "alert", "title": refused.message, "remedy": refused.remedy}
    template = "dashboard/fragments/outcome.html" if getattr(request, "htmx", False) else "503.html"
    response = render(request, template, context, status=503)
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Explained"] = "1"
    return response
