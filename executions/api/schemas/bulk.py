"""Causes for which runs need a person, and bulk runs."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from executions.api.cursors import Moment
from executions.api.schemas.shared import Body, Json, Links
from executions.models.cause_note import NOTE_CHARACTERS
from executions.verbs.row import LONGEST_REASON
from executions.verbs.rows import VERBS

IN_BULK = tuple(verb.slug for verb in VERBS.values() if verb.in_bulk)


class Cause(BaseModel):
    """Runs that need a person for one cause, as one."""

    cause: str = Field(description="Empty for runs of before causes were kept.")
    workflow: str | None = Field(description="The slug of the workflow; null for an agent's runs.")
    agent: str | None = None
    step: str = Field(description="The path of the step, in the newest of the runs.")
    reason: str = Field(description="Why the newest of them stands still.")
    count: int = Field(description="How many of the runs that the caller may see.")
    first_at: datetime
    last_at: datetime
    hours: list[int] = Field(
        description="How many stopped in each of the last 24 hours, the oldest first."
    )
    example_id: str = Field(description="The newest of the runs.")
    assignee: str | None = None
    note: str = ""
    snoozed_until: datetime | None = None
    is_snoozed: bool = Field(description="Put off, and not become worse since.")
    came_back: bool = Field(description="It was acted on in bulk, and then these stopped.")


class CauseBody(Body):
    """The changes to a cause; what is left out stays as it is."""

    note: str = Field("", max_length=NOTE_CHARACTERS)
    assignee: str | None = Field(None, max_length=150, description="A user name, null for nobody.")
    snoozed_until: Moment | None = Field(None, description="At most 30 days from now.")


class CauseNote(BaseModel):
    """The record that is kept about a cause."""

    cause: str
    assignee: str | None
    note: str
    snoozed_until: datetime | None


class BulkBody(Body):
    """A verb, and the runs that it is done to: give `execution_ids`, `cause` or `q`."""

    verb: Literal[IN_BULK] = Field(description="The verb.")  # type: ignore[valid-type]
    execution_ids: list[str] = Field([], max_length=1_000, description="Ids of runs.")
    cause: str = Field("", max_length=40, description="All that need attention for this cause.")
    q: str = Field("", max_length=500, description="All that match, as typed above the list.")
    arguments: dict[str, Json] = Field({}, description="Arguments of the verb, as in its own body.")
    reason: str = Field("", max_length=LONGEST_REASON, description="Why; kept in the history.")
    confirmed: int | None = Field(
        None,
        ge=0,
        le=2**31 - 1,
        description="How many are meant; needed where these are more than 1,000.",
    )


class Counts(BaseModel):
    """How many items stand where."""

    waiting: int
    done: int
    refused: int
    taken_back: int
    left: int


class BulkRun(BaseModel):
    """One verb for many runs."""

    id: str = Field(examples=["blk-01ktf5k2h8x3m0q9v7b4n6c1za"])
    verb: str
    what: str = Field(description="Which runs were chosen, in words.")
    cause: str
    reason: str
    started_by: str
    total: int
    phase: Literal["RUNNING", "STOPPED", "HELD", "COMPLETED"] = Field(
        description="HELD: it stopped by itself, as the same cause came back."
    )
    said: str
    counts: Counts
    rate: float = Field(description="How many a second are begun at most now.")
    created_at: datetime
    ended_at: datetime | None
    links: Links


class BulkItem(BaseModel):
    """The outcome for one run."""

    execution_id: str
    status: Literal["WAITING", "DONE", "REFUSED", "TAKEN_BACK", "LEFT"]
    said: str = Field(description="Why it was refused, or was not taken back.")
    at: datetime | None
