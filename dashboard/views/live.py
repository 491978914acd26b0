"""The live protocol by plain requests, for pages whose socket is blocked."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from dashboard.live.page import poll
from dashboard.live.socket import TOPICS_OF_ONE_PAGE


@require_safe
def changes_(request: HttpRequest) -> HttpResponse:
    """``?topic=name@seq&topic=…`` answers ``{"frames": […]}``; 401 where the session has ended."""
    if not request.user.is_authenticated:
        return JsonResponse({"frames": []}, status=401)
    cursors: dict[str, int] = {}
    for asked in request.GET.getlist("topic")[:TOPICS_OF_ONE_PAGE]:
        name, _, seq = asked.rpartition("@")
        cursors[name] = int(seq) if seq.isascii() and seq.isdigit() and len(seq) < 19 else 0
    response = JsonResponse({"frames": poll(request.user, cursors)})
    response.headers["Cache-Control"] = "no-store"
    return response
