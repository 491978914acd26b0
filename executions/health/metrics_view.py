"""``/metrics``, for administrators, for whoever has the token, and where it is allowed for this host."""

from __future__ import annotations

import ipaddress
from hmac import compare_digest

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from executions import policy
from executions.health.metrics import CONTENT_TYPE, exposition


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics, or 403 with what opens them."""
    if not may_read(request):
        text = "Log in as an administrator, or send the token of STIGMER_METRICS_TOKEN as `Authorization: Bearer …`.\n"
        return HttpResponse(text, status=403, content_type="text/plain; charset=utf-8")
    return HttpResponse(exposition(), content_type=CONTENT_TYPE)


def may_read(request: HttpRequest) -> bool:
    token = settings.STIGMER_METRICS_TOKEN
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and compare_digest(sent.encode(), token.encode()):
        return True
    if settings.STIGMER_METRICS_LOCAL and _is_this_host(request.META.get("REMOTE_ADDR", "")):
        return True
    return policy.is_admin(request.user)


def _is_this_host(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
