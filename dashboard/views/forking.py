"""Forking a run from a checkpoint, comparing two moments of a run, comparing two runs."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from dashboard import diff, values
from dashboard.queries import comparing
from dashboard.queries import execution as queries
from dashboard.views.execution import execution_or_404
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from dashboard.views.refusing import status_of
from dashboard.views.starting import started_once
from dashboard.views.tabs import tab
from executions.errors import Refused
from executions.ids import parse_public_id
from executions.intake.readiness import require_queue
from executions.models import Execution
from executions.verbs import forms
from executions.verbs.acting import looked
from executions.verbs.calls import carry_out
from executions.verbs.deciding.opening import check_allowed
from executions.verbs.row import LONGEST_REASON
from executions.verbs.rows import VERBS

FORK = VERBS["fork"]


@for_people
@require_http_methods(["GET", "HEAD", "POST"])
def fork(request: HttpRequest, public_id: str, seq: int) -> HttpResponse:
    """The form that begins a new run at this checkpoint, with what that would begin with; and what
    it does when it is sent.
    """
    execution = execution_or_404(request, public_id)
    shown = _prefilled(execution, seq)
    context: dict[str, Any] = {"seq": seq, "shown": shown, "text": shown.text}
    try:
        if request.method == "POST":
            check_allowed(execution, person(request), FORK.name)
            begin = partial(_begun, request, execution, seq, shown)
            return redirect("execution", started_once(request, f"fork {public_id} {seq}", begin))
        context["preview"] = looked(FORK, execution, person(request), {"checkpoint_seq": seq})
    except Refused as refused:
        context |= {"refusal": refused, "text": request.POST.get("output", shown.text)}
        return tab(request, execution, "fork", context, status=status_of(refused))
    return tab(request, execution, "fork", context)


def _prefilled(execution: Execution, seq: int) -> values.Shown:
    if seq == 0:
        text = values.pretty(execution.input)
        is_cut = len(text) > values.SHOWN_CHARACTERS
        return values.Shown("", is_cut=True) if is_cut else values.Shown(text)
    shown = comparing.output_of(execution.pk, seq)
    if shown is None:
        raise Http404
    return shown


def _begun(request: HttpRequest, execution: Execution, seq: int, shown: values.Shown) -> str:
    sent = request.POST.copy()
    sent["checkpoint"] = str(seq)
    # An output that was left as it was is no edit: secrets are shown by their names.
    if sent.get("output", "").replace("\r\n", "\n").strip() == shown.text.strip():
        sent["output"] = ""
    arguments = forms.arguments_of(FORK, sent)
    require_queue()
    reason = sent.get("reason", "").strip()[:LONGEST_REASON]
    begun = carry_out(FORK, execution.pk, person(request), arguments, reason=reason)
    return str(begun.execution_id)


@for_people
@require_safe
def moments(request: HttpRequest, public_id: str) -> HttpResponse:
    """How what a run held at one checkpoint differs from what it held at another."""
    execution = execution_or_404(request, public_id)
    before, after = (_moment(request, execution, name) for name in ("a", "b"))
    context = {
        "before": before,
        "after": after,
        "output_lines": diff.lines(before.output, after.output),
        "context_lines": diff.lines(before.context, after.context),
    }
    return tab(request, execution, "moments", context)


def _moment(request: HttpRequest, execution: Execution, name: str) -> comparing.Moment:
    text = request.GET.get(name, "")
    is_number = text.isascii() and text.isdigit() and len(text) < 19
    shown = comparing.moment(execution, int(text)) if is_number else None
    if shown is None:
        raise Http404
    return shown


@for_people
@require_safe
def runs(request: HttpRequest, public_id: str) -> HttpResponse:
    """A run beside another one, step by step."""
    execution = execution_or_404(request, public_id)
    text = request.GET.get("with", "").strip()
    context: dict[str, Any] = {"offered": comparing.offered(person(request), execution)}
    context |= {"sought": text[:100], "only": request.GET.get("only", "")}
    if text:
        key = parse_public_id(text, "wex", "aex")
        other = queries.one(person(request), key) if key else None
        if other is None:
            return tab(request, execution, "compare", {**context, "is_unknown": True}, status=404)
        context |= {"other": other, "comparison": comparing.compared(execution, other)}
    return tab(request, execution, "compare", context)
