"""The buttons of an execution: each calls one verb and says what came of it, in place."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from dashboard.live import fragments
from dashboard.queries import execution as queries
from dashboard.tabs import TABS
from dashboard.views.execution import found
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from dashboard.views.refusing import status_of
from executions import policy
from executions.engine import control, decisions, override, restore, upgrade
from executions.errors import Refused
from executions.models import Execution
from executions.states import Phase

DONE = {
    "retry": "The step is being tried again, its counters start anew.",
    "skip": "The step is skipped; the run goes on with the next one.",
    "recover": "The checkpoints were verified; it goes on from the last one.",
    "decide": "Your decision is in the journal; the run goes on.",
    "cancel": "It is cancelled, or will be at its next boundary.",
    "pause": "No further step starts until someone resumes it.",
    "resume": "It goes on.",
    "terminate": "It was ended.",
    "restore": "It goes on from the checkpoint.",
    "undo-restore": "What the restore had set aside stands again.",
    "override": "It is in the phase that you chose, and its owner was told.",
}


@for_people
@require_POST
def act(request: HttpRequest, public_id: str, verb: str) -> HttpResponse:
    """Call the verb; the answer is a panel for htmx, and the page with that panel without."""
    execution = found(request, public_id)
    if verb not in DONE:
        raise Http404
    try:
        _call(verb, execution.pk, person(request), request.POST)
    except Refused as refused:
        return _refusal(request, execution, refused)
    if not getattr(request, "htmx", False):
        return redirect("execution", public_id)
    context = {"execution": execution, "tone": "tone-good", "symbol": "check", "title": "Done.", "text": DONE[verb]}
    return render(request, "dashboard/fragments/outcome.html", context)


def _call(verb: str, execution_id: uuid.UUID, actor: User, sent: QueryDict) -> None:
    seq, reason = _seq(sent), sent.get("reason", "").strip()[:300]
    match verb:
        case "retry":
            decisions.retry(execution_id, actor, expected_seq=seq, reason=reason, **_edited(sent))
        case "skip":
            decisions.skip(execution_id, actor, expected_seq=seq, reason=reason)
        case "recover":
            _recover(execution_id, actor, seq, reason, sent.get("version"))
        case "decide":
            output = _json(sent.get("output", "") or "null", "The output")
            choice = sent.get("choice", "")
            decisions.decide(execution_id, actor, choice, expected_seq=seq, output=output, reason=reason)
        case "cancel":
            control.cancel(execution_id, actor)
        case "pause":
            control.pause(execution_id, actor)
        case "resume":
            control.resume(execution_id, actor)
        case "terminate":
            control.terminate(execution_id, actor)
        case "restore":
            restore.restore(execution_id, actor, _checkpoint(sent), expected_seq=seq, reason=reason)
        case "undo-restore":
            restore.undo_restore(execution_id, actor, expected_seq=seq, reason=reason)
        case "override":
            override.override(execution_id, actor, _phase(sent), expected_seq=seq, reason=reason)


def _recover(execution_id: uuid.UUID, actor: User, seq: int, reason: str, version: str | None) -> None:
    if version is None:
        decisions.recover(execution_id, actor, expected_seq=seq, reason=reason)
    elif version.isascii() and version.isdigit() and len(version) < 10:
        upgrade.recover_onto(execution_id, actor, int(version), expected_seq=seq, reason=reason)
    else:
        raise Refused("invalid", "No version was named.", remedy="Choose one on the page of the execution.")


def _phase(sent: QueryDict) -> Phase:
    try:
        return Phase(sent.get("phase", ""))
    except ValueError as problem:
        raise Refused("invalid", "No phase was chosen.", remedy="Choose one of those on the page.") from problem


def _seq(sent: QueryDict) -> int:
    """The sequence at which the form was rendered; a form without one counts as stale."""
    text = sent.get("seq", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1


def _checkpoint(sent: QueryDict) -> int:
    text = sent.get("checkpoint", "")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Refused("invalid", "No checkpoint was named.", remedy="Choose one on the tab Checkpoints.")
    return int(text)


def _edited(sent: QueryDict) -> dict[str, Any]:
    """The edited input of a retry, where the form had one."""
    changes: dict[str, Any] = {"as_new_operation": sent.get("as_new_operation") == "on"}
    if "arguments" in sent:
        changes["arguments"] = _json(sent.get("arguments", ""), "The input")
    return changes


def _json(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as problem:
        raise Refused("invalid", f"{what} is not JSON: {problem}.", remedy="Correct it and send it again.") from problem


def _refusal(request: HttpRequest, execution: Execution, refused: Refused) -> HttpResponse:
    stale = refused.code == "stale"
    seq = _seq(request.POST)
    fresh = queries.one(person(request), execution.pk) or execution
    outcome: dict[str, Any] = {
        "outcome": True,
        "tone": "tone-warn" if stale else "tone-bad",
        "symbol": "alert",
        "title": "The page was out of date, so nothing was done." if stale else refused.message,
        "text": "",
        "remedy": refused.remedy,
        "is_stale": stale,
        "changed": queries.events_after(execution.pk, seq) if stale else [],
    }
    status = status_of(refused)
    if getattr(request, "htmx", False):
        context = {"execution": fresh, **outcome}
        response = render(request, "dashboard/fragments/outcome.html", context, status=status)
    else:
        journal = queries.journal(fresh)
        context = fragments.execution_context(fresh, policy.role(person(request), fresh))
        context |= {"journal": journal, "steps": journal.steps, "events": journal.events}
        context |= {"tabs": TABS, **outcome}
        response = render(request, "dashboard/execution.html", context, status=status)
    response.headers["X-Explained"] = "1"
    return response
