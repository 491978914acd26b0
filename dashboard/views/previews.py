"""Pages that show what a decision would do, each with the form that makes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dashboard.queries import comparing, workflows
from dashboard.views.execution import execution_or_404
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from dashboard.views.refusing import status_of
from dashboard.views.tabs import tab
from executions import policy
from executions.errors import Refused
from executions.models import Execution
from executions.verbs.acting import looked
from executions.verbs.rows import VERBS


@for_people
@require_safe
def checkpoint(request: HttpRequest, public_id: str, seq: int) -> HttpResponse:
    """The preview of a restore to this checkpoint."""
    execution = execution_or_404(request, public_id)
    return _shown(request, execution, "restore", {"checkpoint_seq": seq}, "checkpoint", seq=seq)


@for_people
@require_safe
def amend(request: HttpRequest, public_id: str, seq: int) -> HttpResponse:
    """The preview of another result of this call, with what it gave."""
    execution = execution_or_404(request, public_id)
    shown = comparing.output_of(execution.pk, seq)
    return _shown(request, execution, "amend", {"step_seq": seq}, "amend", seq=seq, shown=shown)


@for_people
@require_safe
def undo(request: HttpRequest, public_id: str) -> HttpResponse:
    """The preview of taking the latest restore back."""
    return _shown(request, execution_or_404(request, public_id), "undo restore", {}, "undo")


@for_people
@require_safe
def recover(request: HttpRequest, public_id: str) -> HttpResponse:
    """What going on with ``?version=`` (the newest, where none is named) would do."""
    execution = execution_or_404(request, public_id)
    versions = workflows.versions(execution.workflow) if execution.workflow else []
    number = _number(request.GET.get("version", "")) or (versions[0].number if versions else 1)
    return _shown(
        request,
        execution,
        "recover",
        {"version": number},
        "recover",
        versions=versions,
        number=number,
        may_change=execution.workflow is not None
        and policy.can_change(person(request), execution.workflow),
    )


@for_people
@require_safe
def override(request: HttpRequest, public_id: str) -> HttpResponse:
    """The phases that an administrator may put it into, and what each means."""
    return _shown(request, execution_or_404(request, public_id), "override", {}, "override")


def _shown(
    request: HttpRequest,
    execution: Execution,
    verb: str,
    arguments: Mapping[str, Any],
    name: str,
    **context: Any,
) -> HttpResponse:
    """The tab ``name`` with what the verb would do, or with why it may not be."""
    status = 200
    context["previewed"] = verb
    try:
        context["preview"] = looked(VERBS[verb], execution, person(request), arguments)
    except Refused as refused:
        context["refusal"], status = refused, status_of(refused)
    return tab(request, execution, name, context, status=status)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
