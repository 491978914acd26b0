"""The last answer to a request: it was refused at the door, the database is in trouble that passes,
or an error of ours.
"""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.defaults import server_error

from dashboard.views.refusing import notice
from dashboard.words import translated
from executions.api import problems
from executions.api.door import answer_to
from executions.api.problems import Problem
from executions.models.passing import trouble, unavailable

_HEALTH = ("/healthz", "/readyz")


def failure(request: HttpRequest) -> HttpResponse:
    """Django's handler500, for every page, Django's admin too. It asks nothing of the database.

    A trouble that passes is 503 and says what to do: a notice where htmx asked, else a page. Below
    /api it is the API's own answer.
    """
    error = sys.exc_info()[1]
    if request.path.startswith("/api/") and isinstance(error, Exception):
        return answer_to(request, error)
    cause = trouble(error)
    if cause is None:
        return server_error(request)
    refusal = unavailable(cause)
    return refused(request, Problem("unavailable", refusal.message, remedy=refusal.remedy))


def refused(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The problem in the format of the door that was asked: a problem of the API, a line for
    whoever reads metrics, a notice where htmx asked, else a page. It asks nothing of the database.
    """
    kind = problems.KINDS[problem.name]
    if request.path.startswith("/api/") or request.path in _HEALTH:
        response = problems.response(request, problem)
    elif request.path == "/metrics":
        response = HttpResponse(
            f"{problem.detail}\n", status=kind.status, content_type="text/plain; charset=utf-8"
        )
    elif request.headers.get("HX-Request") == "true":
        context = {"tone": "tone-bad", "symbol": "alert", "title": translated(problem.detail)}
        context["remedy"] = problem.remedy or kind.remedy
        response = notice(request, context, kind.status)
    else:
        response = render(
            request, "refused.html", {"kind": kind, "problem": problem}, status=kind.status
        )
    for name, value in problem.headers.items():
        response.headers[name] = value
    response.headers["Cache-Control"] = "no-store"
    return response
