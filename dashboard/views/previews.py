"""Pages that show what a decision would do, each with the form that makes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dashboard.queries import comparing, workflows
from dashboard.views.execution import execution_or_404
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from dashboard.views.refusing import status_of
from dashboard.views.tabs import tab
from dashboard.words import translated
from executions import policy
from executions.errors import Refused
from executions.models import Execution
from executions.verbs.deciding import foreseen, restore, upgrade
from executions.verbs.deciding import override as overriding
from executions.verbs.deciding.opening import check_allowed


@for_people
@require_safe
def checkpoint(request: HttpRequest, public_id: str, seq: int) -> HttpResponse:
    """The preview of a restore to this checkpoint."""
    execution = execution_or_404(request, public_id)
    return _shown(
        request,
        execution,
        "checkpoint",
        {"seq": seq},
        lambda: {"preview": restore.preview(execution.pk, person(request), seq)},
    )


@for_people
@require_safe
def amend(request: HttpRequest, public_id: str, seq: int) -> HttpResponse:
    """The preview of another result of this call, with what it gave."""
    execution = execution_or_404(request, public_id)

    def look() -> dict[str, Any]:
        preview = foreseen.of_amend(execution.pk, person(request), seq)
        return {"preview": preview, "shown": comparing.output_of(execution.pk, seq)}

    return _shown(request, execution, "amend", {"seq": seq}, look)


@for_people
@require_safe
def undo(request: HttpRequest, public_id: str) -> HttpResponse:
    """The preview of taking the latest restore back."""
    execution = execution_or_404(request, public_id)
    return _shown(
        request,
        execution,
        "undo",
        {},
        lambda: {"preview": foreseen.of_undo(execution.pk, person(request))},
    )


@for_people
@require_safe
def recover(request: HttpRequest, public_id: str) -> HttpResponse:
    """What going on with ``?version=`` (the newest, where none is named) would do."""
    execution = execution_or_404(request, public_id)
    versions = workflows.versions(execution.workflow) if execution.workflow else []
    number = _number(request.GET.get("version", "")) or (versions[0].number if versions else 1)
    context: dict[str, Any] = {
        "versions": versions,
        "number": number,
        "may_change": execution.workflow is not None
        and policy.can_change(person(request), execution.workflow),
    }
    return _shown(
        request,
        execution,
        "recover",
        context,
        lambda: {"preview": upgrade.preview(execution.pk, person(request), number)},
    )


@for_people
@require_safe
def override(request: HttpRequest, public_id: str) -> HttpResponse:
    """The phases that an administrator may put it into, and what each means."""
    execution = execution_or_404(request, public_id)

    def look() -> dict[str, Any]:
        check_allowed(execution, person(request), overriding.VERB)
        return {
            "choices": [
                (phase, translated(phase.row.override)) for phase in overriding.choices(execution)
            ]
        }

    return _shown(request, execution, "override", {}, look)


def _shown(
    request: HttpRequest,
    execution: Execution,
    name: str,
    context: dict[str, Any],
    look: Callable[[], dict[str, Any]],
) -> HttpResponse:
    """The tab ``name`` with what ``look`` finds, or with why it may not be."""
    status = 200
    try:
        context |= look()
    except Refused as refused:
        context["refusal"], status = refused, status_of(refused)
    return tab(request, execution, name, context, status=status)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
