"""Questions that wait for people: listed for those who may answer, and answered."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel, Field

from executions import policy
from executions.api.credentials import ACT, READ, person
from executions.api.cursors import USUAL, Cursor, Limit, Listing, Page
from executions.api.finding import shown
from executions.api.refusals import not_found
from executions.api.render import approvals as render
from executions.api.schemas import approvals as shapes
from executions.ids import parse_public_id
from executions.models import Ask
from executions.models.ask import AskQuerySet
from executions.verbs.asks import Answer, respond

router = Router(tags=["Approvals"])
_RELATED = ("execution__owner", "execution__workflow", "step", "reviewer")
_HEAVY = tuple(f"execution__{name}" for name in ("input", "output", "error"))


class Filters(BaseModel):
    """The filters of a list of approvals."""

    limit: Limit = USUAL
    cursor: Cursor = None
    answered: bool = Field(
        False, description="Those that were answered, in place of those that are open."
    )
    execution: str | None = Field(None, max_length=40, description="Id of a run.")


@router.get(
    "",
    auth=READ,
    response=Page[shapes.Approval],
    operation_id="list-approvals",
    summary="List what waits for an answer",
)
def listed(request: HttpRequest, filters: Annotated[Filters, Query()]) -> dict[str, Any]:
    """The questions that the caller may answer, newest first."""
    rows = policy.visible_asks(person(request))
    rows = rows.filter(answered_at__isnull=False) if filters.answered else rows.open()
    rows = rows.select_related(*_RELATED).prefetch_related("users", "groups").defer(*_HEAVY)
    if filters.execution is not None:
        rows = rows.filter(execution=parse_public_id(filters.execution, "wex", "aex"))
    return Listing("approvals", filters.limit, filters.cursor).page(rows, render.approval)


@router.get(
    "/{approval_id}",
    auth=READ,
    response=shapes.Approval,
    operation_id="read-approval",
    summary="Read a question to people",
)
def read(request: HttpRequest, approval_id: str) -> shapes.Approval:
    """With its answer, where it has one."""
    return render.approval(_one(policy.visible_asks(person(request)), approval_id))


@router.post(
    "/{approval_id}/respond",
    auth=ACT,
    response=shapes.Approval,
    operation_id="respond-approval",
    summary="Answer a question to people",
)
def answer(request: HttpRequest, approval_id: str, body: shapes.RespondBody) -> shapes.Approval:
    """One answer counts: 409 says who was first.

    Only those who are named may answer, and administrators.
    """
    user = person(request)
    ask = _one(Ask.objects.for_person(user), approval_id)
    respond(ask, user, Answer(body.outcome, body.form, body.comment))
    return render.approval(_one(policy.visible_asks(user), approval_id))


def _one(rows: AskQuerySet, approval_id: str) -> Ask:
    key = parse_public_id(approval_id, "ask")
    ask = rows.select_related(*_RELATED).defer(*_HEAVY).filter(pk=key).first() if key else None
    if ask is None:
        raise not_found(f"There is no approval {shown(approval_id)}.")
    return ask
