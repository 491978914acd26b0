"""The buttons of an execution: each calls one verb and says what came of it, in place."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dashboard.queries import execution as queries
from dashboard.views.execution import execution_or_404, whole
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from dashboard.views.refusing import notice, outcome_of, status_of
from dashboard.words import translated
from executions.errors import Refused
from executions.models import Execution
from executions.verbs import forms
from executions.verbs.calls import press
from executions.verbs.proposing import Proposed
from executions.verbs.row import LONGEST_REASON, Verb
from executions.verbs.rows import VERBS

_BY_SLUG = {verb.slug: verb for verb in VERBS.values()}


@for_people
@require_POST
def act(request: HttpRequest, public_id: str, verb: str) -> HttpResponse:
    """Call the verb; the answer is a panel for htmx, and the page with that panel without."""
    execution = execution_or_404(request, public_id)
    row = _BY_SLUG.get(verb)
    if row is None:
        raise Http404
    try:
        _call(row, execution.pk, person(request), request.POST)
    except Proposed as waits:
        if not getattr(request, "htmx", False):
            return redirect("execution", public_id)
        said = {"tone": "tone-warn", "symbol": "clock", "title": translated(waits.message)}
        return notice(request, {"execution": execution, **said, "text": waits.remedy})
    except Refused as refused:
        return _refusal(request, execution, refused)
    if not getattr(request, "htmx", False):
        return redirect("execution", public_id)
    context = {
        "execution": execution,
        "tone": "tone-good",
        "symbol": "check",
        "title": _("Done."),
        "text": row.done,
    }
    return notice(request, context)


def _call(verb: Verb, execution_id: uuid.UUID, actor: User, sent: QueryDict) -> None:
    """Carry out the verb with what its form holds."""
    shown = _seq(sent)
    expected = shown if verb.is_about_what_was_seen else None
    reason = sent.get("reason", "").strip()[:LONGEST_REASON]
    arguments = forms.arguments_of(verb, sent)
    press(
        verb, execution_id, actor, arguments, shown_seq=shown, expected_seq=expected, reason=reason
    )


def _seq(sent: QueryDict) -> int:
    """The sequence at which the form was rendered; a form without one counts as stale."""
    text = sent.get("seq", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1


def _refusal(request: HttpRequest, execution: Execution, refused: Refused) -> HttpResponse:
    stale = refused.code == "stale"
    seq = _seq(request.POST)
    fresh = queries.one(person(request), execution.pk) or execution
    outcome = outcome_of(refused, "tone-warn" if stale else "tone-bad", execution.public_id)
    outcome |= {"text": "", "is_stale": stale, "changed": []}
    if stale:
        outcome["title"] = _("The page was out of date, so nothing was done.")
        outcome["changed"] = queries.events_after(execution.pk, seq)
    status = status_of(refused)
    if getattr(request, "htmx", False):
        return notice(request, {"execution": fresh, **outcome}, status)
    return whole(request, fresh, status, **outcome)
