"""Pages that show what a decision would do, each with the form that makes it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dashboard.queries import workflows
from dashboard.views.execution import found
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from dashboard.views.refusing import status_of
from dashboard.views.tabs import tab
from dashboard.words import OVERRIDES
from executions import policy
from executions.engine import override as overriding
from executions.engine import restore, upgrade
from executions.engine.case import check_allowed
from executions.errors import Refused


@for_people
@require_safe
def checkpoint(request: HttpRequest, public_id: str, seq: int) -> HttpResponse:
    """What a restore to this checkpoint would do."""
    execution = found(request, public_id)
    context: dict[str, Any] = {"seq": seq}
    status = 200
    try:
        context["preview"] = restore.preview(execution.pk, person(request), seq)
    except Refused as refused:
        context["refusal"], status = refused, status_of(refused)
    return tab(request, execution, "checkpoint", context, status=status)


@for_people
@require_safe
def recover(request: HttpRequest, public_id: str) -> HttpResponse:
    """What going on with ``?version=`` (the newest, where none is named) would do."""
    execution = found(request, public_id)
    versions = workflows.versions(execution.workflow) if execution.workflow else []
    number = _number(request.GET.get("version", "")) or (versions[0].number if versions else 1)
    context: dict[str, Any] = {
        "versions": versions,
        "number": number,
        "may_change": execution.workflow is not None and policy.can_change(person(request), execution.workflow),
    }
    status = 200
    try:
        context["preview"] = upgrade.preview(execution.pk, person(request), number)
    except Refused as refused:
        context["refusal"], status = refused, status_of(refused)
    return tab(request, execution, "recover", context, status=status)


@for_people
@require_safe
def override(request: HttpRequest, public_id: str) -> HttpResponse:
    """The phases that an administrator may put it into, and what each means."""
    execution = found(request, public_id)
    context: dict[str, Any] = {}
    status = 200
    try:
        check_allowed(execution, person(request), overriding.VERB)
        context["choices"] = [(phase, OVERRIDES[phase]) for phase in overriding.choices(execution)]
    except Refused as refused:
        context["refusal"], status = refused, status_of(refused)
    return tab(request, execution, "override", context, status=status)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
