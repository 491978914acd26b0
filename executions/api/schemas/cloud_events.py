"""Events that come in, signals to a run, and the sources of signed webhooks."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from executions.api.schemas.shared import Body, Json


class KeptEvent(BaseModel):
    """The outcome for one event of a request."""

    id: str = Field(description="Under this id it is kept.")
    duplicate: bool = Field(description="An event of this source and id was known already.")


class EventsKept(BaseModel):
    """The events of a request, in their order; they are kept, and those who listen hear them."""

    events: list[KeptEvent]


class IncomingEvent(BaseModel):
    """An event that came, was emitted, or is a signal."""

    id: str
    owner: str
    execution_id: str | None = Field(description="Of a signal: the run that alone may hear it.")
    type: str
    source: str
    event_id: str = Field(description="`id` of the event itself.")
    received_at: datetime
    matched_at: datetime | None = Field(description="When it was found who listens.")
    heard: int = Field(description="How many steps took it.")
    event: Json = Field(description="The event (CloudEvents 1.0); null where it is kept no longer.")


class SignalBody(Body):
    """A signal to one run."""

    name: str = Field(min_length=1, max_length=200, description="The `subject` of the event.")
    payload: Json = Field(None, description="The `data` of the event.")


class EventSource(BaseModel):
    """A source of signed webhooks."""

    id: str
    name: str
    owner: str
    event_type: str = Field(description="The type of an event whose body is no CloudEvent.")
    active: bool
    url: str = Field(description="The address that it sends to.")
    created_at: datetime
    heard_at: datetime | None = Field(description="When it was last heard.")


class NewEventSource(EventSource):
    """A source that was just made, or whose secret was just changed."""

    secret: str = Field(description="Signs what it sends. It is shown this once.")


class EventSourceBody(Body):
    """A source to be made."""

    name: str = Field(min_length=1, max_length=100)
    event_type: str = Field("webhook", min_length=1, max_length=255)


class SourceVisit(BaseModel):
    """Something that came to the address of a source."""

    at: datetime
    events: int = Field(description="New events.")
    known: int = Field(description="Events that had come before.")
    reason: str = Field(description="Why it was refused; empty: it was taken.")


class SourceVisits(BaseModel):
    """The last visits of a source, the newest first."""

    items: list[SourceVisit]
