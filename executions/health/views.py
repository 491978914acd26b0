"""``/healthz`` and ``/readyz``."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from executions.health.checks import look


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while this process answers at all."""
    return JsonResponse({"status": "alive"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 where every check holds, 503 otherwise; the body names each check.

    A page where a browser asks.
    """
    checks = look()
    ready = all(check.ok for check in checks)
    status = 200 if ready else 503
    if request.get_preferred_type(["application/json", "text/html"]) == "text/html":
        response: HttpResponse = render(
            request, "health/ready.html", {"checks": checks, "ready": ready}, status=status
        )
    else:
        body = {
            "status": "ready" if ready else "not ready",
            "checks": [check.as_json() for check in checks],
        }
        response = JsonResponse(body, status=status)
    # It is asked often: Django need not log an error each time.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response
