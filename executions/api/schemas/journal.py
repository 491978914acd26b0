"""The history of an execution: steps, attempts, checkpoints, events."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from executions.api.schemas.shared import Json, Links, Timestamp
from executions.states import StepStatus

# Promised, and not checked: a row that somebody damaged is shown as it is.
Status = Annotated[str, Field(json_schema_extra={"enum": [str(status) for status in StepStatus]})]


class Step(BaseModel):
    """A task's record in one execution, or a decision about it."""

    id: str
    seq: int | None = Field(description="Given when it finishes, in the order of commits; null while it is open.")
    path: str = Field(description="Names of tasks from the root, with iteration and visit.")
    name: str
    kind: str
    status: Status
    attempt: int
    optional: bool
    superseded: bool = Field(description="A later decision took its place.")
    input: Json = None
    arguments: Json = None
    output: Json = None
    error: Json = None
    decision: Json = Field(None, description="Of a decision: verb, reason, superseded paths, what it changed.")
    started_at: datetime | None = None
    finished_at: datetime | None = None
    wake_at: datetime | None = None
    digest: str
    links: Links


class Attempt(BaseModel):
    """One try of a step, kept where it or one before it failed."""

    number: int
    outcome: str
    error: Json = None
    verdict: str = Field(description="transient or permanent.")
    rule: str = Field(description="The rule that gave the verdict.")
    delay_seconds: float | None = Field(description="The wait before the next try.")
    correlation_id: str
    log: str
    started_at: datetime
    finished_at: datetime


class Checkpoint(BaseModel):
    """A finished step that stands, as a place to go back to."""

    seq: int
    path: str
    name: str
    kind: str
    finished_at: Timestamp | None


class Entry(BaseModel):
    """One line of the history. Replayed in order, the entries give the state of every task: a step sets the status of
    its path, a decision takes away the paths that it supersedes and gives back those that it reinstates."""

    seq: int
    type: Literal["step", "decision", "event"]
    name: str
    path: str | None = None
    status: Status | None = None
    at: datetime | None = None
    actor: str | None = None
    payload: Json = None
    supersedes: list[str] | None = None
    reinstates: list[str] | None = None


class History(BaseModel):
    """Journal and events in one order. ``next_after`` is what to ask for next; null where nothing is left."""

    items: list[Entry]
    next_after: int | None = None
    head_seq: int
