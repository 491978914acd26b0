"""The history of an execution: steps, attempts, checkpoints.

(Events have a file of their own: they also stream.)
"""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel, Field

from executions.api import finding
from executions.api.credentials import READ, person
from executions.api.cursors import USUAL, Cursor, Limit, Listing, Page
from executions.api.refusals import not_found
from executions.api.render import journal as render
from executions.api.schemas import journal as shapes
from executions.ids import parse_public_id
from executions.models import Attempt, Execution, Step
from executions.states import StepStatus
from executions.verbs.deciding.restore import checkpoints as checkpoints_of


class StepFilters(BaseModel):
    """The filters of a list of steps."""

    limit: Limit = USUAL
    cursor: Cursor = None
    status: StepStatus | None = None
    name: str | None = Field(None, max_length=300)
    superseded: bool | None = Field(None, description="Whether a later decision took its place.")
    decisions: bool = Field(True, description="False leaves decisions out.")


class Paging(BaseModel):
    """Which page of a list."""

    limit: Limit = USUAL
    cursor: Cursor = None


def add_history(router: Router, kind: str) -> None:
    """GET steps, one step, its attempts, and checkpoints."""

    @router.get(
        "/{execution_id}/steps",
        auth=READ,
        response=Page[shapes.Step],
        operation_id=f"list-{kind}-steps",
        summary="List its steps",
    )
    def steps(
        request: HttpRequest, execution_id: str, filters: Annotated[StepFilters, Query()]
    ) -> dict[str, Any]:
        """The journal, newest first, decisions and what they superseded included."""
        execution = finding.execution(person(request), execution_id, kind)
        rows = execution.steps.all()
        if filters.status is not None:
            rows = rows.filter(status=filters.status)
        if filters.name is not None:
            rows = rows.filter(name=filters.name)
        if filters.superseded is not None:
            rows = rows.filter(superseded_by__isnull=not filters.superseded)
        if not filters.decisions:
            rows = rows.tasks()
        listing = Listing(f"steps.{execution.pk}", filters.limit, filters.cursor)
        return listing.page(rows, lambda row: render.step(execution, row))

    @router.get(
        "/{execution_id}/steps/{step_id}",
        auth=READ,
        response=shapes.Step,
        operation_id=f"read-{kind}-step",
        summary="Read one step",
    )
    def step(request: HttpRequest, execution_id: str, step_id: str) -> shapes.Step:
        execution = finding.execution(person(request), execution_id, kind)
        return render.step(execution, _step(execution, step_id))

    @router.get(
        "/{execution_id}/steps/{step_id}/attempts",
        auth=READ,
        response=Page[shapes.Attempt],
        operation_id=f"list-{kind}-step-attempts",
        summary="List the attempts of a step",
    )
    def attempts(
        request: HttpRequest, execution_id: str, step_id: str, paging: Annotated[Paging, Query()]
    ) -> dict[str, Any]:
        """Newest first. A step that succeeded at once has none."""
        row = _step(finding.execution(person(request), execution_id, kind), step_id)
        listing = Listing(f"attempts.{row.pk}", paging.limit, paging.cursor)
        return listing.page(Attempt.objects.filter(step=row), render.attempt)

    @router.get(
        "/{execution_id}/checkpoints",
        auth=READ,
        response=Page[shapes.Checkpoint],
        operation_id=f"list-{kind}-checkpoints",
        summary="List its checkpoints",
    )
    def checkpoints(
        request: HttpRequest, execution_id: str, paging: Annotated[Paging, Query()]
    ) -> dict[str, Any]:
        """Places to restore to, newest first; the beginning (0) is always one and is not listed."""
        execution = finding.execution(person(request), execution_id, kind)
        listing = Listing(f"checkpoints.{execution.pk}", paging.limit, paging.cursor)
        return listing.page_of(checkpoints_of(execution), lambda each: each.seq, render.checkpoint)


def _step(execution: Execution, step_id: str) -> Step:
    key = finding.number(parse_public_id(step_id, "stp"), "step", step_id)
    row = execution.steps.filter(pk=key).first()
    if row is None:
        raise not_found(f"This execution has no step {step_id}.")
    return row
