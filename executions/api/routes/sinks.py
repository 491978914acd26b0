"""Channels of lifecycle events: shown to those who see everything, declared by administrators."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Status

from executions import policy
from executions.api.credentials import ADMIN, READ, person
from executions.api.cursors import Listing, Page
from executions.api.render import sinks as render
from executions.api.routes.channels import Which, one
from executions.api.routes.resources import Paging
from executions.api.schemas import sinks as shapes
from executions.api.schemas.receivers import SentAgain
from executions.models import Channel
from executions.outbound import channels
from executions.outbound.kinds.table import OF_EVENTS

router = Router(tags=["Sinks"])


@router.get(
    "", auth=READ, response=Page[shapes.Sink], operation_id="list-sinks", summary="List sinks"
)
def listed(request: HttpRequest, paging: Annotated[Paging, Query()]) -> dict[str, Any]:
    """With what waits for each, newest first."""
    rows = policy.visible_channels(person(request)).filter(kind__in=OF_EVENTS).counting()
    return Listing("sinks", paging.limit, paging.cursor).page(rows, render.sink)


@router.post(
    "",
    auth=ADMIN,
    response={201: shapes.Sink},
    operation_id="create-sink",
    summary="Declare a sink",
)
def create(request: HttpRequest, body: shapes.SinkBody) -> Status[shapes.Sink]:
    """It hears what happens from now on. Its secret is named, never sent."""
    wanted = channels.Wanted(**body.model_dump())
    return Status(201, render.sink(channels.create(person(request), wanted)))


@router.patch(
    "/{sink_id}",
    auth=ADMIN,
    response=shapes.Sink,
    operation_id="change-sink",
    summary="Change a sink",
)
def change(request: HttpRequest, sink_id: str, body: shapes.ChangeSinkBody) -> shapes.Sink:
    """The fields that are named; what waits already is sent all the same, to a new address too."""
    changes = {name: value for name, value in body.model_dump().items() if value is not None}
    changed = channels.change(_one(request, sink_id), person(request), changes)
    return render.sink(changed)


@router.post(
    "/{sink_id}/turn-on",
    auth=ADMIN,
    response=shapes.Sink,
    operation_id="turn-sink-on",
    summary="Turn a sink on",
)
def turn_on(request: HttpRequest, sink_id: str) -> shapes.Sink:
    """It hears what happens from now on; one that rests is tried at once."""
    return _switched(request, sink_id, on=True)


@router.post(
    "/{sink_id}/turn-off",
    auth=ADMIN,
    response=shapes.Sink,
    operation_id="turn-sink-off",
    summary="Turn a sink off",
)
def turn_off(request: HttpRequest, sink_id: str) -> shapes.Sink:
    """Events that wait for it are kept."""
    return _switched(request, sink_id, on=False)


@router.delete(
    "/{sink_id}",
    auth=ADMIN,
    response={204: None},
    operation_id="delete-sink",
    summary="Delete a sink",
)
def delete(request: HttpRequest, sink_id: str) -> Status[None]:
    """With what waits for it."""
    channels.delete(_one(request, sink_id), person(request))
    return Status(204, None)


@router.get(
    "/{sink_id}/messages",
    auth=READ,
    response=shapes.SinkMessages,
    operation_id="list-sink-messages",
    summary="List messages of a sink",
)
def messages(
    request: HttpRequest, sink_id: str, which: Annotated[Which, Query()]
) -> shapes.SinkMessages:
    """The newest first."""
    rows = _one(request, sink_id).sendings.in_state(which.state).select_related("execution")
    return shapes.SinkMessages(items=[render.message(row) for row in rows[: which.limit]])


@router.post(
    "/{sink_id}/send-again",
    auth=ADMIN,
    response=SentAgain,
    operation_id="send-sink-again",
    summary="Send again what was given up",
)
def send_again(request: HttpRequest, sink_id: str) -> SentAgain:
    """All that was given up of this sink."""
    sink = _one(request, sink_id)
    return SentAgain(number=channels.send_again(sink, person(request)))


def _switched(request: HttpRequest, sink_id: str, *, on: bool) -> shapes.Sink:
    sink = _one(request, sink_id)
    channels.switch(sink, person(request), on=on)
    return render.sink(_one(request, sink_id))


def _one(request: HttpRequest, sink_id: str) -> Channel:
    return one(request, sink_id, OF_EVENTS, "sink")
