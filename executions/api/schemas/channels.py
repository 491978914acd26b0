"""Channels of notices, and what is sent there."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from executions.api.schemas.receivers import Message, Receiver
from executions.api.schemas.shared import Body, Json

Names = Annotated[list[Annotated[str, StringConstraints(max_length=100)]], Field(max_length=100)]
WhenSent = Literal["at once", "hourly", "daily"]


class Channel(Receiver):
    """A way in which notices reach somebody beside the inbox."""

    kind: str = Field(description="`mail`, `webhook`, or what was added to this server.")
    owner: str | None = Field(
        description="Who hears what their own inbox gets; null: it hears of everybody's runs."
    )
    address: str = Field(
        description=(
            "A webhook's up to its host: the path may be a key, which nobody reads again. Empty:"
            " the address of the owner's account."
        )
    )
    types: list[str] = Field(description="The events that it wants; empty: all that inboxes get.")
    only: list[str] = Field(description="The workflows and agents it is about; empty: all.")
    muted: list[str] = Field(description="The workflows and agents it is not about.")
    rhythm: WhenSent


class ChannelBody(Body):
    """A channel to be declared."""

    kind: str = Field(min_length=1, max_length=20)
    name: str = Field(min_length=1, max_length=40)
    address: str = Field("", max_length=500)
    types: Names = Field(default_factory=list)
    only: Names = Field(default_factory=list, description="Ids or slugs.")
    muted: Names = Field(default_factory=list, description="Ids or slugs.")
    rhythm: WhenSent = "at once"
    secret: str = Field("", max_length=200)
    of_server: bool = Field(
        False, description="It hears of everybody's runs: for administrators alone."
    )


class ChangeChannelBody(Body):
    """The changes; what is left out stays."""

    address: str | None = Field(None, max_length=500)
    types: Names | None = None
    only: Names | None = None
    muted: Names | None = None
    rhythm: WhenSent | None = None
    secret: str | None = Field(None, max_length=200)


class Notice(Message):
    """A notice for a channel."""

    notice: Json


class Notices(BaseModel):
    """The newest notices of a channel."""

    items: list[Notice]
