"""Channels of notices: a person's own, and those of the server for administrators."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import BaseModel, Field

from executions import policy
from executions.api.credentials import ACT, READ, person
from executions.api.cursors import MOST, USUAL, Listing, Page
from executions.api.finding import shown
from executions.api.refusals import not_found
from executions.api.render import channels as render
from executions.api.routes.resources import Paging
from executions.api.schemas import channels as shapes
from executions.api.schemas.receivers import SentAgain
from executions.ids import parse_public_id
from executions.models import Channel
from executions.outbound import channels
from executions.outbound.kinds.table import OF_NOTICES

router = Router(tags=["Channels"])


class Which(BaseModel):
    """Which messages are shown."""

    state: Literal["waiting", "sent", "given up", ""] = ""
    limit: int = Field(USUAL, ge=1, le=MOST)


@router.get(
    "",
    auth=READ,
    response=Page[shapes.Channel],
    operation_id="list-channels",
    summary="List channels of notices",
)
def listed(request: HttpRequest, paging: Annotated[Paging, Query()]) -> dict[str, Any]:
    """The caller's own, and those of the server for who looks after everybody's runs."""
    rows = policy.visible_channels(person(request)).filter(kind__in=OF_NOTICES)
    rows = rows.select_related("owner").counting()
    return Listing("channels", paging.limit, paging.cursor).page(rows, render.channel)


@router.post(
    "",
    auth=ACT,
    response={201: shapes.Channel},
    operation_id="create-channel",
    summary="Declare a channel of notices",
)
def create(request: HttpRequest, body: shapes.ChannelBody) -> Status[shapes.Channel]:
    """It hears what happens from now on. A secret is named, never sent."""
    fields = body.model_dump()
    wanted = channels.Wanted(is_personal=not fields.pop("of_server"), **fields)
    return Status(201, render.channel(channels.create(person(request), wanted)))


@router.get(
    "/{channel_id}",
    auth=READ,
    response=shapes.Channel,
    operation_id="read-channel",
    summary="Read a channel",
)
def read(request: HttpRequest, channel_id: str) -> shapes.Channel:
    return render.channel(one(request, channel_id, OF_NOTICES, "channel"))


@router.patch(
    "/{channel_id}",
    auth=ACT,
    response=shapes.Channel,
    operation_id="change-channel",
    summary="Change the rules of a channel",
)
def change(request: HttpRequest, channel_id: str, body: shapes.ChangeChannelBody) -> shapes.Channel:
    """Those that are named; what waits already is sent all the same, to a new address too."""
    channel = one(request, channel_id, OF_NOTICES, "channel")
    changes = {name: value for name, value in body.model_dump().items() if value is not None}
    return render.channel(channels.change(channel, person(request), changes))


@router.delete(
    "/{channel_id}",
    auth=ACT,
    response={204: None},
    operation_id="delete-channel",
    summary="Delete a channel",
)
def delete(request: HttpRequest, channel_id: str) -> Status[None]:
    """With what waits for it."""
    channels.delete(one(request, channel_id, OF_NOTICES, "channel"), person(request))
    return Status(204, None)


@router.post(
    "/{channel_id}/test",
    auth=ACT,
    response={202: shapes.Notice},
    operation_id="test-channel",
    summary="Try a channel",
)
def test(request: HttpRequest, channel_id: str) -> Status[shapes.Notice]:
    """A notice that says it is a test; what came of it stands among the channel's messages."""
    channel = one(request, channel_id, OF_NOTICES, "channel")
    return Status(202, render.notice(channels.test(channel, person(request))))


@router.post(
    "/{channel_id}/turn-on",
    auth=ACT,
    response=shapes.Channel,
    operation_id="turn-channel-on",
    summary="Turn a channel on",
)
def turn_on(request: HttpRequest, channel_id: str) -> shapes.Channel:
    """It hears what happens from now on; one that rests is tried at once."""
    return _switched(request, channel_id, on=True)


@router.post(
    "/{channel_id}/turn-off",
    auth=ACT,
    response=shapes.Channel,
    operation_id="turn-channel-off",
    summary="Turn a channel off",
)
def turn_off(request: HttpRequest, channel_id: str) -> shapes.Channel:
    """Messages that wait for it are kept."""
    return _switched(request, channel_id, on=False)


@router.get(
    "/{channel_id}/messages",
    auth=READ,
    response=shapes.Notices,
    operation_id="list-channel-messages",
    summary="List notices of a channel",
)
def messages(
    request: HttpRequest, channel_id: str, which: Annotated[Which, Query()]
) -> shapes.Notices:
    """The newest first."""
    channel = one(request, channel_id, OF_NOTICES, "channel")
    rows = channel.sendings.in_state(which.state).select_related("execution")
    return shapes.Notices(items=[render.notice(row) for row in rows[: which.limit]])


@router.post(
    "/{channel_id}/send-again",
    auth=ACT,
    response=SentAgain,
    operation_id="send-channel-again",
    summary="Send again what was given up",
)
def send_again(request: HttpRequest, channel_id: str) -> SentAgain:
    """All that was given up of this channel."""
    channel = one(request, channel_id, OF_NOTICES, "channel")
    return SentAgain(number=channels.send_again(channel, person(request)))


def _switched(request: HttpRequest, channel_id: str, *, on: bool) -> shapes.Channel:
    channel = one(request, channel_id, OF_NOTICES, "channel")
    channels.switch(channel, person(request), on=on)
    return render.channel(one(request, channel_id, OF_NOTICES, "channel"))


def one(request: HttpRequest, channel_id: str, kinds: Collection[str], word: str) -> Channel:
    """The channel of this id, of these kinds, as far as the caller may see it. Raises Problem."""
    key = parse_public_id(channel_id, "snk")
    rows = policy.visible_channels(person(request)).filter(kind__in=kinds)
    channel = rows.select_related("owner").counting().filter(pk=key).first() if key else None
    if channel is None:
        raise not_found(f"There is no {word} {shown(channel_id)}.")
    return channel
