"""API tokens: made, shown once, revoked."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.views.decorators.http import require_http_methods, require_POST

from dashboard import words
from dashboard.paging import id_or_404
from dashboard.queries import tokens as queries
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from dashboard.views.refusing import to_confirm
from executions import clock, policy, tokens
from executions.errors import Refused

# Days, the words for them; 0 is for ever.
LIVES = (
    (7, N_("7 days")),
    (30, N_("30 days")),
    (90, N_("90 days")),
    (365, N_("one year")),
    (0, N_("no end")),
)
SCOPES = {
    "read": N_("see runs, workflows and the inbox"),
    "run": N_("start runs"),
    "act": N_("apply workflows; retry, recover, cancel"),
    "admin": N_("what only administrators may do"),
    "decide": N_("for assistants (MCP): answer what runs ask, decide about what happened"),
}


@for_people
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The list and the form; a POST makes a token and shows it, this once."""
    user = person(request)
    scopes = {
        name: _(said) for name, said in SCOPES.items() if name != "admin" or policy.is_admin(user)
    }
    context: dict[str, Any] = {
        "scopes": scopes,
        "lives": words.choices(LIVES),
        "chosen": ["read", "run"],
        "life": 90,
    }
    status = 200
    if request.method == "POST" and not policy.is_confirmed(user):
        return to_confirm("tokens")
    if request.method == "POST":
        sent = request.POST
        context |= {
            "chosen": sent.getlist("scope"),
            "life": _life(sent.get("days", "")),
            "name": sent.get("name", ""),
        }
        try:
            context["minted"] = tokens.mint(
                user, sent.get("name", ""), sent.getlist("scope"), days=context["life"] or None
            )
            context["name"] = ""
        except Refused as refused:
            context["refusal"], status = refused, 400
    context |= {"rows": queries.of(user.pk), "server_now": clock.now(), "now": clock.now()}
    return render(request, "dashboard/tokens.html", context, status=status)


@for_people
@require_POST
def revoke(request: HttpRequest, public_id: str) -> HttpResponse:
    token = queries.one(person(request).pk, id_or_404(public_id, "key"))
    if token is None:
        raise Http404
    tokens.revoke(token)
    return redirect("tokens")


def _life(text: str) -> int:
    return int(text) if text in {str(days) for days, _label in LIVES} else tokens.DEFAULT_DAYS
