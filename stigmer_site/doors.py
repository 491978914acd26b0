"""What every door refuses before it looks at what is asked, each in its own format."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from dashboard.views.failure import refused
from executions.accounts.backend import WAIT_SECONDS
from executions.api.problems import Problem
from executions.bodies import BUSY, SCOPE_KEY, TOO_LARGE

RETRY_AFTER_SECONDS = 5
Answer = Callable[[HttpRequest], HttpResponseBase]


def bodies(get_response: Answer) -> Answer:
    """Middleware: a body that was too large to be read is answered with 413, whatever was asked."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        problem = _of_body(request)
        return get_response(request) if problem is None else refused(request, problem)

    return middleware


def _of_body(request: HttpRequest) -> Problem | None:
    why = getattr(request, "scope", {}).get(SCOPE_KEY)
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    length = request.META.get("CONTENT_LENGTH") or "0"
    if why == BUSY:
        after = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        text = "Too many large requests arrive at this moment."
        return Problem("unavailable", text, remedy="Try again in a moment.", headers=after)
    if why == TOO_LARGE or (str(length).isdigit() and int(length) > limit):
        return Problem("too-large", f"The body may have {limit:,} bytes (STIGMER_REQUEST_BYTES).")
    return None


def tries(get_response: Answer) -> Answer:
    """Middleware: a form in which somebody tried to log in too often is answered with 429."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        wait = getattr(request, WAIT_SECONDS, 0)
        if wait and response.status_code < 400:
            response.status_code = 429
            response.headers["Retry-After"] = str(wait)
        return response

    return middleware
