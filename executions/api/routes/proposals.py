"""Proposals that wait for a second person: listed, agreed to, turned down."""

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
from executions.api.render import proposals as render
from executions.api.schemas import proposals as shapes
from executions.ids import parse_public_id
from executions.models import Proposal
from executions.verbs import proposing

router = Router(tags=["Second person"])


class Filters(BaseModel):
    """The choice of a list of proposals."""

    limit: Limit = USUAL
    cursor: Cursor = None
    over: bool = Field(False, description="Those that are over, in place of those that wait.")


@router.get(
    "",
    auth=READ,
    response=Page[shapes.Proposal],
    operation_id="list-proposals",
    summary="List what waits for a second person",
)
def listed(request: HttpRequest, filters: Annotated[Filters, Query()]) -> dict[str, Any]:
    """Of the runs that the caller may see, newest first."""
    rows = policy.visible_proposals(person(request))
    waiting = Proposal.objects.open().values("pk")
    rows = rows.exclude(pk__in=waiting) if filters.over else rows.open()
    return Listing("proposals", filters.limit, filters.cursor).page(rows, render.proposal)


@router.get(
    "/{proposal_id}",
    auth=READ,
    response=shapes.Proposal,
    operation_id="read-proposal",
    summary="Read what waits for a second person",
)
def read(request: HttpRequest, proposal_id: str) -> shapes.Proposal:
    """With what became of it."""
    return render.proposal(_one(request, proposal_id))


@router.post(
    "/{proposal_id}/agree",
    auth=ACT,
    response=shapes.Proposal,
    operation_id="agree-proposal",
    summary="Agree as the second person",
)
def agree(request: HttpRequest, proposal_id: str) -> shapes.Proposal:
    """It is carried out in the name of the caller, who may do it and did not ask for it.

    409 where it is over or was carried out by somebody else; 412 where the run has moved on.
    """
    proposing.agree(_one(request, proposal_id), person(request))
    return render.proposal(_one(request, proposal_id))


@router.post(
    "/{proposal_id}/turn-down",
    auth=ACT,
    response=shapes.Proposal,
    operation_id="turn-down-proposal",
    summary="Turn it down, or withdraw it",
)
def turn_down(request: HttpRequest, proposal_id: str, body: shapes.TurnDownBody) -> shapes.Proposal:
    """The person who asked for it withdraws it so."""
    proposing.turn_down(_one(request, proposal_id), person(request), reason=body.reason)
    return render.proposal(_one(request, proposal_id))


def _one(request: HttpRequest, proposal_id: str) -> Proposal:
    key = parse_public_id(proposal_id, "prp")
    proposal = policy.visible_proposals(person(request)).filter(pk=key).first() if key else None
    if proposal is None:
        raise not_found(f"There is no proposal {shown(proposal_id)}.")
    return proposal
