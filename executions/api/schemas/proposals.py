"""A verb that waits for a second person."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from executions.api.schemas.shared import Body, Json


class Proposal(BaseModel):
    """A verb that one person asked for, where two have to agree (`STIGMER_TWO_PERSONS`)."""

    id: str
    execution_id: str
    verb: str
    arguments: Json
    reason: str
    preview: Json = Field(description="Its effect, as the first person saw it.")
    seq: int | None = Field(
        description="The sequence of the run; the proposal is over once the run has moved on."
    )
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    is_open: bool
    outcome: str
    decided_by: str | None
    decided_at: datetime | None
    said: str


class TurnDownBody(Body):
    """Why not."""

    reason: str = Field("", max_length=300)
