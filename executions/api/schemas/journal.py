"""The history of an execution: steps, attempts, checkpoints, events."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from executions.api.schemas.executions import Execution
from executions.api.schemas.shared import Json, Links, Timestamp
from executions.states import StepStatus

# Promised, and not checked: a row that somebody damaged is shown as it is.
Status = Annotated[str, Field(json_schema_extra={"enum": [str(status) for status in StepStatus]})]


class Step(BaseModel):
    """A task's record in one execution, or a decision about it."""

    id: str
    seq: int | None = Field(
        description="Given when it finishes, in the order of commits; null while it is open."
    )
    path: str = Field(description="Names of tasks from the root, with iteration and visit.")
    name: str
    kind: str
    status: Status
    attempt: int
    optional: bool
    superseded: bool = Field(description="A later decision took its place.")
    idempotency_key: str | None = Field(
        None, description="Of a call, once it has begun: each attempt and each try carries it."
    )
    input: Json = None
    arguments: Json = None
    output: Json = None
    error: Json = None
    decision: Json = Field(
        None, description="Of a decision: verb, reason, superseded paths, what it changed."
    )
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
    """One line of the history.

    Replayed in order, the entries give the state of every task: a step sets the status of its path,
    a decision takes away the paths that it supersedes and gives back those that it reinstates.
    """

    seq: int = Field(
        description=(
            "Its own: no other entry of this execution has it, and later ones have greater ones."
        )
    )
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
    """Journal and events in one order, read from one state of the database."""

    items: list[Entry]
    next_after: int | None = Field(
        None, description="The `after` to ask for next; null where nothing is left."
    )
    head_seq: int = Field(
        description="The latest `seq` of the execution; a later reader asks for what came after it."
    )


class Followed(BaseModel):
    """One message of a stream, as the `data` of a Server-Sent Event or as a WebSocket message.

    `snapshot` comes first, `update` tells what is new, `end` is the last one. `snapshot` and `end`
    hold the whole execution, `update` leaves its input, output and error out.
    """

    event: Literal["snapshot", "update", "end"]
    seq: int = Field(description="How far it tells the history; the id of the event.")
    execution: Execution
    entries: list[Entry]
    ended: bool = Field(description="The execution has ended and all of its history was told.")
    lost: int | None = Field(
        None, description="How many updates before this one did not reach a slow reader."
    )


class Delta(BaseModel):
    """The `data` of the event `delta`: more of an answer that a model gives to an agent now.

    `text` belongs at `at` characters of the answer; at 0 it is all that there is so far, and what
    came of that step before counts no more. It has no id and is not kept: the journal has the
    answer when the turn ends, and counts. One may come shortly after its turn has ended.
    """

    event: Literal["delta"]
    path: str = Field(description="The step of the turn.")
    attempt: int
    at: int = Field(ge=0)
    text: str
    thinking: int = Field(ge=0, description="How many characters it thought so far.")
    tool: str = Field(description="The tool whose arguments it writes; empty for none.")
    arguments: int = Field(ge=0, description="How many characters of these it wrote so far.")


class FollowingClosed(BaseModel):
    """The `data` of the event `closed`: nothing more will come, and the execution may go on."""

    reason: str = Field(
        description=(
            "deleted: there is no such execution any more; forbidden: you may not see it;"
            " restarting: the server stops, come back with Last-Event-ID."
        )
    )
