"""For support and administrators: what needs attention."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router

from executions import policy
from executions.api.credentials import READ, person
from executions.api.cursors import Listing, Page
from executions.api.problems import Problem
from executions.api.render import executions as render_executions
from executions.api.render import resources as render
from executions.api.routes.resources import Paging
from executions.api.schemas import resources as shapes
from executions.models import Execution

router = Router(tags=["Administration"])


@router.get(
    "/workflows/failed",
    auth=READ,
    response=Page[shapes.Failed],
    operation_id="list-failed",
    summary="List what needs attention",
)
def failed(request: HttpRequest, paging: Annotated[Paging, Query()]) -> dict[str, Any]:
    """Everybody's runs that failed or are marked for a person, newest first, with reason, retries
    and step.
    """
    if not policy.sees_everything(person(request)):
        raise Problem(
            "forbidden",
            "Only support and administrators see what failed for everybody.",
            remedy="Your own are in the list of executions: filter it by what needs attention.",
        )
    rows = Execution.objects.needing_attention().select_related("workflow", "agent", "owner")
    return Listing("failed", paging.limit, paging.cursor).page(
        rows.defer(*render_executions.HEAVY), render.failed
    )
