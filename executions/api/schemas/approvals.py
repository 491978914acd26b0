"""Questions to people, and their answers."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from executions.api.schemas.shared import Body, Json


class AskedOutcome(BaseModel):
    """An answer to choose from."""

    name: str
    label: str


class Approvers(BaseModel):
    """The people who may answer, by name; administrators may beside them."""

    users: list[str]
    groups: list[str]


class Response(BaseModel):
    """The answer."""

    outcome: str
    form: Json
    comment: str
    reviewer: str | None
    responded_at: datetime


class Approval(BaseModel):
    """A question that a run asks people (`call: human`)."""

    id: str
    execution_id: str
    workflow: str
    step: str
    started_by: str
    prompt: str
    form: Json = Field(
        description="JSON Schema of what has to be filled in; null where nothing has to be."
    )
    outcomes: list[AskedOutcome]
    approvers: Approvers
    four_eyes: bool = Field(description="The person who started the run may not answer.")
    is_open: bool
    created_at: datetime
    expires_at: datetime
    response: Response | None


class RespondBody(Body):
    """An answer."""

    outcome: str = Field(max_length=40, description="The name of one of the outcomes.")
    form: Json = Field(None, description="The filled-in values; they have to fit the form.")
    comment: str = Field("", max_length=2000)
