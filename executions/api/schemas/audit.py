"""Shapes of the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from executions.api.cursors import USUAL, Cursor, Limit, Moment
from executions.api.schemas.shared import Body, Json


class AuditFilters(BaseModel):
    """Which entries; all that are given have to fit."""

    who: str = Field("", max_length=200, description="A user name, or `system`.")
    what: str = Field("", max_length=40, description="A verb, for example `retry` or `log in`.")
    about: str = Field(
        "", max_length=80, description="The id of a run, or whatever else it was done to."
    )
    outcome: Literal["", "done", "refused", "failed"] = ""
    since: Moment | None = Field(None, description="Not before this moment.")
    until: Moment | None = Field(None, description="Before this moment.")


class AuditListing(AuditFilters):
    """Which page of which entries."""

    limit: Limit = USUAL
    cursor: Cursor = None


class AuditDownload(AuditFilters):
    """Which entries, and as which kind of file."""

    format: Literal["csv", "json"] = "json"


class AuditEntry(BaseModel):
    """An entry of the trail: who did what to what."""

    entry: int
    at: datetime
    who: str
    what: str
    about: str
    outcome: str
    reason: str
    before: Json = None
    after: Json = None
    correlation_id: str
    key: str = Field(description="Which key signed it; empty in entries older than keys.")
    previous_hash: str
    hash: str


class AuditProblem(BaseModel):
    """One thing that is wrong with the trail."""

    entry: int = Field(description="The entry at which it shows; 0 where at none.")
    how: str
    detail: str


class AcknowledgedProblem(AuditProblem):
    """One that an administrator has looked into."""

    by: str
    at: datetime
    reason: str


class Verification(BaseModel):
    """The sweep's findings so far; it verifies the whole trail again and again."""

    whole: bool
    entries: int = Field(description="How many the latest whole round verified.")
    ended_at: datetime | None = Field(description="When that round ended.")
    problems: list[AuditProblem]
    acknowledged: list[AcknowledgedProblem]


class AcknowledgeBody(Body):
    """Why what is wrong with the trail is no reason for alarm."""

    reason: str = Field(min_length=1, max_length=1_000)
