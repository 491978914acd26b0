"""Sources of signed webhooks."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Status

from executions import policy
from executions.api.credentials import ACT, READ, person
from executions.api.cursors import Listing, Page
from executions.api.finding import shown
from executions.api.refusals import not_found
from executions.api.render import cloud_events as render
from executions.api.routes.resources import Paging
from executions.api.schemas import cloud_events as shapes
from executions.ids import parse_public_id
from executions.inbound import sources, visits
from executions.models import EventSource

router = Router(tags=["Events"])


@router.get(
    "",
    auth=READ,
    response=Page[shapes.EventSource],
    operation_id="list-event-sources",
    summary="List sources of webhooks",
)
def listed(request: HttpRequest, paging: Annotated[Paging, Query()]) -> dict[str, Any]:
    """The caller's own, newest first; an administrator's are all."""
    rows = policy.visible_event_sources(person(request)).select_related("owner")
    return Listing("event-sources", paging.limit, paging.cursor).page(rows, render.source)


@router.post(
    "",
    auth=ACT,
    response={201: shapes.NewEventSource},
    operation_id="create-event-source",
    summary="Make a source of webhooks",
)
def create(request: HttpRequest, body: shapes.EventSourceBody) -> Status[shapes.NewEventSource]:
    """Its secret is shown this once. Its events are events of the caller."""
    source, secret = sources.create(person(request), body.name, body.event_type)
    return Status(201, render.new_source(source, secret))


@router.get(
    "/{source_id}/visits",
    auth=READ,
    response=shapes.SourceVisits,
    operation_id="list-event-source-visits",
    summary="List what came from a source",
)
def visited(request: HttpRequest, source_id: str) -> dict[str, Any]:
    """Its last deliveries and why they were refused, of the last seven days, at most 50. A memory
    that may be lost.
    """
    return {"items": [asdict(each) for each in visits.latest(_one(request, source_id)) or []]}


@router.post(
    "/{source_id}/rotate",
    auth=ACT,
    response=shapes.NewEventSource,
    operation_id="rotate-event-source",
    summary="Give a source another secret",
)
def rotate(request: HttpRequest, source_id: str) -> shapes.NewEventSource:
    """The secret before it signs nothing any more. The new one is shown this once."""
    source = _one(request, source_id)
    return render.new_source(source, sources.rotate(source, person(request)))


@router.delete(
    "/{source_id}",
    auth=ACT,
    response={204: None},
    operation_id="delete-event-source",
    summary="Delete a source of webhooks",
)
def delete(request: HttpRequest, source_id: str) -> Status[None]:
    """Its events are refused from now on."""
    sources.delete(_one(request, source_id), person(request))
    return Status(204, None)


def _one(request: HttpRequest, source_id: str) -> EventSource:
    key = parse_public_id(source_id, "src")
    rows = policy.visible_event_sources(person(request)).select_related("owner")
    source = rows.filter(pk=key).first() if key else None
    if source is None:
        raise not_found(f"There is no source {shown(source_id)}.")
    return source
