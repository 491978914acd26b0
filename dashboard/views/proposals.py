"""A second person agrees to what another one asked for, or turns it down."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from dashboard.paging import id_or_404
from dashboard.views.execution import execution_or_404, whole
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from dashboard.views.refusing import outcome_of, status_of
from executions import policy
from executions.errors import Refused
from executions.verbs import proposing
from executions.verbs.row import LONGEST_REASON


@for_people
@require_POST
def answer(request: HttpRequest, public_id: str, what: str) -> HttpResponse:
    """``agree`` carries it out, ``turn-down`` ends it; then the run's page."""
    user, key = person(request), id_or_404(public_id, "prp")
    row = policy.visible_proposals(user).filter(pk=key).first()
    if row is None or what not in ("agree", "turn-down"):
        raise Http404
    try:
        if what == "agree":
            proposing.agree(row, user)
        else:
            reason = request.POST.get("reason", "").strip()[:LONGEST_REASON]
            proposing.turn_down(row, user, reason=reason)
    except Refused as refused:
        return _refusal(request, row.execution.public_id, refused)
    return redirect("execution", row.execution.public_id)


def _refusal(request: HttpRequest, run: str, refused: Refused) -> HttpResponse:
    tone = "tone-warn" if refused.code in ("stale", "conflict") else "tone-bad"
    outcome = outcome_of(refused, tone, run)
    return whole(request, execution_or_404(request, run), status_of(refused), **outcome)
