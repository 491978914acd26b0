"""The door of the palette."""

from __future__ import annotations

from dataclasses import asdict

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from dashboard.queries import finding
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person


@for_people
@require_safe
def find(request: HttpRequest) -> JsonResponse:
    """The first few runs, workflows and agents that fit ``?q=``."""
    text = request.GET.get("q", "").strip()[: finding.LONGEST]
    return JsonResponse({"found": [asdict(each) for each in finding.find(person(request), text)]})
