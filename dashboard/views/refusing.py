"""A refusal as a page's status, and the notice that htmx puts into a page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from dashboard.words import translated
from executions.errors import Refused

# Only what carries this header is put into a page (static/js/forms.js): a log-in or an error page
# never is.
EXPLAINED = "X-Explained"
_STATUS = {
    "stale": 412,
    "forbidden": 403,
    "unconfirmed": 403,
    "conflict": 409,
    "unavailable": 503,
    "corrupt": 500,
}


def status_of(refused: Refused) -> int:
    """The same as in the API, but that bad input is 400 on a page."""
    return _STATUS.get(refused.code, 400)


def outcome_of(refused: Refused, tone: str, execution_id: str) -> dict[str, Any]:
    """The refusal as the notice on the page of a run shows it; ``tone`` is that of the colours."""
    back = reverse("execution", args=[execution_id])
    return {
        "outcome": True,
        "tone": tone,
        "symbol": "alert",
        "title": translated(refused.message),
        "remedy": refused.remedy,
        "confirm_address": confirm_address(back) if refused.code == "unconfirmed" else "",
    }


def confirm_address(back: str) -> str:
    """The page on which somebody who is logged in proves once more who they are, and comes back
    from.
    """
    return f"{reverse('account_reauthenticate')}?{urlencode({'next': back})}"


def to_confirm(name: str, *places: str) -> HttpResponse:
    """To that page, and back to the page of this name."""
    return redirect(confirm_address(reverse(name, args=places)))


def notice(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """The outcome of a button, for its place in the page."""
    return explained(request, "dashboard/fragments/outcome.html", context, status)


def explained(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    """A part of a page that htmx may put into it, whatever its status is."""
    response = render(request, template, context, status=status)
    response.headers[EXPLAINED] = "1"
    return response
