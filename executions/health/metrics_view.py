"""``/metrics``, for administrators and for whoever has the token."""

from __future__ import annotations

import math
from hmac import compare_digest

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from executions import policy
from executions.clients.rates import guessed
from executions.health.metrics import CONTENT_TYPE, exposition

PLAIN = "text/plain; charset=utf-8"


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics, or 403 with what opens them; 429 for who tries too many tokens."""
    if may_read(request):
        return HttpResponse(exposition(), content_type=CONTENT_TYPE)
    wait = (
        guessed(str(request.META.get("REMOTE_ADDR", "")))
        if "Authorization" in request.headers
        else 0
    )
    if wait:
        text = "Too many unknown tokens came from your address.\n"
        after = {"Retry-After": str(max(1, math.ceil(wait)))}
        return HttpResponse(text, status=429, content_type=PLAIN, headers=after)
    text = (
        "Log in as an administrator, or send the token of STIGMER_METRICS_TOKEN as `Authorization:"
        " Bearer …`.\n"
    )
    return HttpResponse(text, status=403, content_type=PLAIN)


def may_read(request: HttpRequest) -> bool:
    token = settings.STIGMER_METRICS_TOKEN
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and compare_digest(sent.encode(), token.encode()):
        return True
    return policy.is_admin(request.user)
