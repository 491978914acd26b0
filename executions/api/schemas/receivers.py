"""The shape that a sink of events and a channel of notices share."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field


class Receiver(BaseModel):
    """A receiver of messages, and how it stands."""

    id: str
    name: str
    address: str = Field(
        description="Up to its host: the path may be a key, which nobody reads again."
    )
    address_secrets: list[str] = Field(
        description="The names of the secrets that its address names."
    )
    secret: str = Field(description="The name of the secret that signs; empty: nothing signs.")
    active: bool
    created_at: datetime
    hears_from: datetime = Field(description="Nothing that happened before is told.")
    sent_at: datetime | None = Field(description="When it last took something.")
    waiting: int = Field(description="How many messages wait for it.")
    given_up: int = Field(description="How many messages were given up.")
    rests_until: datetime | None = Field(description="Nothing is tried until then.")
    problem: str = Field(description="Why the last try failed; empty: it did not.")


class Message(BaseModel):
    """One message, and what became of it."""

    id: int
    type: str
    execution_id: str | None
    state: str = Field(description="`waiting`, `sent` or `given up`.")
    tries: int
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None
    problem: str


class SentAgain(BaseModel):
    """How many messages are sent again."""

    number: int
