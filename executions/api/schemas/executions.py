"""Executions of both kinds, and what is done with them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from executions.api.schemas.schedules import OfRun
from executions.api.schemas.shared import Audits, Body, Json, Links, Metadata, Timestamp
from executions.states import Phase

WEX = "wex-01ktf5k2h8x3m0q9v7b4n6c1za"
PHASES = [str(phase) for phase in Phase]


class ExecutionSpec(BaseModel):
    """The run as it was asked for. It never changes."""

    workflow_id: str | None = None
    workflow: str | None = Field(None, description="The workflow's slug.")
    workflow_instance_id: str | None = None
    agent_id: str | None = None
    agent: str | None = Field(None, description="The agent's slug.")
    agent_instance_id: str | None = None
    session_id: str | None = None
    version: int
    runner: str = Field(
        description=(
            "ours: the server's workers drive it; external: somebody else, by status updates."
        )
    )
    correlation_id: str
    parent_id: str | None = None
    forked_from: str | None = Field(None, description="Of a fork: the run before it.")
    forked_seq: int | None = Field(
        None, description="Of a fork: the sequence of the step after which it goes on."
    )
    workspace: Json = Field(
        None,
        description="The workspace that it was started with; null: as its definition says. The"
        " address `…/workspace` has the folder itself.",
    )
    schedule: OfRun | None = Field(None, description="Its schedule; left out in lists.")
    input: Json = Field(None, description="Left out in lists.")


class Progress(BaseModel):
    """Finished tasks of all tasks; never falls but by a decision."""

    finished: int
    total: int


class Usage(BaseModel):
    """The consumption of an agent's run."""

    input_tokens: int
    output_tokens: int
    cost: str | None = Field(description="Null where the price of a model is not known.")


class Message(BaseModel):
    """One message of an agent's conversation."""

    type: str
    content: str
    tool_calls: Json = None
    created_at: datetime


class ToolCall(BaseModel):
    """One call of a tool by an agent."""

    id: str
    name: str
    status: str
    arguments: Json = None
    result: Json = None
    error: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None


class LateAnswer(BaseModel):
    """An answer that could not be written when it came. It is kept, and never applied by itself."""

    step: str = Field(description="The path of the step that was called.")
    attempt: int
    succeeded: bool
    output: Json = None
    error: Json = None
    came_at: datetime
    told: str = Field(description="The event in a sentence.")


class FunctionLine(BaseModel):
    """Why a run does not move: it waits for a free process of functions, in the line of the whole
    installation.
    """

    step: str = Field(description="The path of the step that waits.")
    since: datetime
    length: int = Field(description="How many runs wait; no more than 1,000 are counted.")
    oldest_since: datetime | None = Field(
        None, description="Since when the one that waits longest does."
    )
    told: str = Field(description="The same in a sentence.")


class ExecutionStatus(BaseModel):
    """The run as the server observed it. Written by whoever drives the run, never by a client."""

    phase: Phase
    seq: int = Field(
        description="Raised by everything that happens; the ETag, and what If-Match takes."
    )
    current_step: str
    progress: Progress
    retry_count: int
    failure_reason: str
    failed_at: datetime | None = None
    requires_manual_intervention: bool
    last_checkpoint_at: datetime | None = None
    waiting_for: str
    wake_at: datetime | None = None
    waits_for_host: str | None = Field(
        None,
        description=(
            "The host that holds its workspace, while no worker lives there; not in lists."
            " `remake-workspace` makes a git workspace again elsewhere."
        ),
    )
    function_line: FunctionLine | None = Field(
        None, description="Its place in line for a free process of functions; not in lists."
    )
    late_answer: LateAnswer | None = Field(
        None,
        description=(
            "Of the step that waits for a decision; `mark_done` takes it where no output is given."
        ),
    )
    cancel_asked: bool = Field(description="Asked for, and honoured at the next boundary.")
    pause_asked: bool
    runner_heard_at: datetime | None = None
    runner_silent: bool = Field(
        False, description="An external runner has not been heard of for longer than it said."
    )
    started_at: datetime | None = None
    ended_at: datetime | None = None
    output: Json = Field(None, description="Left out in lists.")
    error: Json = Field(None, description="Left out in lists.")
    messages: list[Message] | None = Field(None, description="Of an agent's run.")
    tool_calls: list[ToolCall] | None = None
    todos: Json = None
    sub_agent_executions: Json = None
    usage: Usage | None = None
    audit: Audits


class Execution(BaseModel):
    """One run of one version of a workflow or an agent."""

    api_version: str
    kind: Literal["WorkflowExecution", "AgentExecution"]
    metadata: Metadata
    spec: ExecutionSpec
    status: ExecutionStatus
    links: Links


class Accepted(BaseModel):
    """A run was accepted. It is PENDING until a worker takes it."""

    id: str = Field(examples=[WEX])
    run_id: str = Field(description="The same id, by the name that older clients know.")
    phase: Phase
    status: str = Field(
        examples=["pending"], description="The phase in lower case, for older clients."
    )
    workflow_name: str | None = None
    agent_name: str | None = None
    session_id: str | None = None
    correlation_id: str
    accepted_at: datetime = Field(description="When it was accepted.")
    started_at: datetime | None = Field(
        description="When a worker took it; null while it is PENDING."
    )
    message: str = Field(description="The next thing to happen, or that no worker is alive.")
    links: Links


class Decided(BaseModel):
    """The outcome of a decision (contract of recover)."""

    execution_id: str
    phase: Phase
    resumed_from: Timestamp | None = Field(description="When the last checkpoint was written.")
    checkpoint_seq: int | None = Field(description="The sequence of the last step that is kept.")
    next_step: str = Field(
        description="The path of the task that comes next; empty where only the run can tell."
    )
    kept: int = Field(description="How many finished steps are kept; none of them runs again.")
    correlation_id: str
    seq: int


class Controlled(BaseModel):
    """The phase after cancel, pause, resume or terminate."""

    execution_id: str
    phase: Phase
    asked: bool = Field(description="True where it is in progress: honoured at its next boundary.")
    correlation_id: str
    seq: int


class SayBody(Body):
    """A message to a run that works."""

    message: str = Field(min_length=1, max_length=20_000)


class Queued(BaseModel):
    """A message that waits for the next turn."""

    id: str
    message: str
    created_at: datetime


class TakeBackBody(Body):
    """Which approval is taken back."""

    tool: str = Field(min_length=1, max_length=64, description="As the model calls it.")


class LimitsBody(Body):
    """How far a run of an agent goes before a person is asked; only what is lower than the agent's
    own counts.
    """

    turns: int | None = Field(None, ge=1, le=1_000, description="Requests to the model.")
    tool_calls: int | None = Field(None, ge=1, le=10_000, description="Calls of tools.")
    tokens: int | None = Field(None, ge=1, le=10**15, description="Tokens read and written.")
    seconds: int | None = Field(
        None, ge=1, le=10**9, description="Seconds that turns and tool calls took."
    )
    cost: float | None = Field(
        None, gt=0, le=10**9, description="Its cost, by the prices of the models."
    )
    depth: int | None = Field(
        None, ge=0, le=16, description="How many agents deep work is handed on."
    )


class RunBody(Body):
    """How to start a run.

    Without input and message, the instance's default input counts.
    """

    input: Json = Field(None, description="The workflow's input.", examples=[{"order": 17}])
    message: str | None = Field(
        None, max_length=20_000, description="Handed on as the input's `message`."
    )
    name: str = Field(
        "", max_length=300, description="May be used again; generated where left out."
    )
    unique_name: bool = Field(
        False,
        description=(
            "Refuse the run (409, with `existing_id`) where you have one of this name already."
        ),
    )
    instance: str | None = Field(
        None, max_length=320, description="Id or slug of an instance of it."
    )
    session_id: str | None = Field(
        None, max_length=40, description="Of an agent: the conversation to go on with."
    )
    model: str | None = Field(
        None, max_length=200, description="Of an agent: another model than its own."
    )
    from_run: str | None = Field(
        None,
        max_length=40,
        description="Of an agent: the run whose conversation it goes on with; in a session that is"
        " named the last one.",
    )
    from_turn: int | None = Field(
        None,
        ge=0,
        le=100_000,
        description="With `from_run`: up to which turn; 0 leaves out all that was said there.",
    )
    limits: LimitsBody | None = Field(None, description="Of an agent: how far this run goes.")
    workspace: Json = Field(
        None,
        description="The workspace of this run, in place of what its definition says: `temporary`,"
        " `none`, or an object as in a definition.",
        examples=["temporary", {"git": {"repository": "shop", "base": "main"}}],
    )
    runner: Literal["ours", "external"] = "ours"
    runner_silence_seconds: int | None = Field(
        None,
        ge=1,
        le=604_800,
        description="How long an external runner may be silent before that is shown.",
    )


class CreateBody(RunBody):
    """A run by what it names: the workflow or one of its instances."""

    workflow_id: str | None = Field(None, max_length=340, description="Id or slug of the workflow.")
    workflow_instance_id: str | None = Field(
        None, max_length=40, description="Id of one of its instances."
    )


class CreateAgentBody(RunBody):
    """An agent's run by what it names: the agent or one of its sessions."""

    agent_id: str | None = Field(None, max_length=340, description="Id or slug of the agent.")
