"""Channels of events, and what is sent there."""

from __future__ import annotations

from pydantic import BaseModel, Field

from executions.api.schemas.receivers import Message, Receiver
from executions.api.schemas.shared import Body, Json


class Sink(Receiver):
    """A receiver of lifecycle events."""

    types: list[str] = Field(description="The types that it wants; empty: all.")
    with_output: bool = Field(description="Whether outputs are sent along.")


class SinkBody(Body):
    """A sink to be declared."""

    name: str = Field(min_length=1, max_length=40)
    address: str = Field(min_length=1, max_length=500)
    types: list[str] = Field(default_factory=list, max_length=16)
    secret: str = Field("", max_length=200)
    with_output: bool = False


class ChangeSinkBody(Body):
    """The changes; what is left out stays."""

    address: str | None = Field(None, min_length=1, max_length=500)
    types: list[str] | None = Field(None, max_length=16)
    secret: str | None = Field(None, max_length=200)
    with_output: bool | None = None


class SinkMessage(Message):
    """A message for a sink."""

    event: Json


class SinkMessages(BaseModel):
    """The newest messages of a sink."""

    items: list[SinkMessage]
