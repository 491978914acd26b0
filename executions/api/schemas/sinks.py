"""Where events are sent, and what is sent there."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from executions.api.schemas.shared import Body, Json


class Sink(BaseModel):
    """A receiver of lifecycle events."""

    id: str
    name: str
    address: str
    types: list[str] = Field(description="The types that it wants; empty: all.")
    secret: str = Field(description="The name of the secret that signs; empty: nothing signs.")
    with_output: bool = Field(description="Whether outputs are sent along.")
    active: bool
    created_at: datetime
    hears_from: datetime = Field(description="What happened before is not told.")
    sent_at: datetime | None = Field(description="When it last took something.")
    waiting: int = Field(description="How many messages wait for it.")
    given_up: int = Field(description="How many messages were given up.")
    rests_until: datetime | None = Field(description="Nothing is tried until then.")
    problem: str = Field(description="Why the last try failed; empty: it did not.")


class SinkBody(Body):
    """A sink to be declared."""

    name: str = Field(min_length=1, max_length=40)
    address: str = Field(min_length=1, max_length=500)
    types: list[str] = Field(default_factory=list, max_length=16)
    secret: str = Field("", max_length=200)
    with_output: bool = False


class SinkMessage(BaseModel):
    """A message for a sink."""

    id: int
    type: str
    execution_id: str | None
    state: str = Field(description="`waiting`, `sent` or `given up`.")
    tries: int
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None
    problem: str
    event: Json


class SinkMessages(BaseModel):
    """The newest messages of a sink."""

    items: list[SinkMessage]


class SentAgain(BaseModel):
    """How many messages are sent again."""

    number: int
