"""The reports that an external runner may send: the words of an update, parsed and bounded.

An absent field leaves what is stored, an empty list empties it. Enumerations may carry the prefixes
of the protocol (``EXECUTION_COMPLETED``, ``WORKFLOW_TASK_FAILED``); an unspecified phase leaves the
phase.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
)

from executions.states import Phase, StepStatus

Json = Any
MOST_TASKS = 1000
MOST_MESSAGES = 5000
_UNSPECIFIED = ("", "UNSPECIFIED", "PHASE_UNSPECIFIED")


def _without(*prefixes: str) -> BeforeValidator:
    def stripped(value: Any) -> Any:
        for prefix in prefixes:
            if isinstance(value, str) and value.startswith(prefix):
                return value.removeprefix(prefix)
        return value

    return BeforeValidator(stripped)


def _of_our_time(value: datetime) -> datetime:
    if value.year < 1970:
        raise ValueError("a time of a run is not before 1970")
    return value


Moment = Annotated[AwareDatetime, AfterValidator(_of_our_time)]
"""A time that a runner reports, with its offset from UTC."""


def _unspecified_is_none(value: Any) -> Any:
    return None if value in _UNSPECIFIED else value


TaskStatus = Annotated[
    Literal[
        "PENDING",
        "IN_PROGRESS",
        "RETRYING",
        "WAITING",
        "WAITING_APPROVAL",
        "COMPLETED",
        "FAILED",
        "SKIPPED",
        "CANCELLED",
    ],
    _without("WORKFLOW_TASK_"),
]
PhaseName = Annotated[
    Literal[
        "PENDING",
        "IN_PROGRESS",
        "WAITING",
        "WAITING_FOR_APPROVAL",
        "PAUSED",
        "COMPLETED",
        "FAILED",
        "CANCELLED",
        "TERMINATED",
    ]
    | None,
    BeforeValidator(_unspecified_is_none),
    _without("EXECUTION_"),
]
STATUSES: dict[str, StepStatus] = {
    "PENDING": StepStatus.WAITING,
    "IN_PROGRESS": StepStatus.RUNNING,
    "RETRYING": StepStatus.RETRYING,
    "WAITING": StepStatus.WAITING,
    "WAITING_APPROVAL": StepStatus.WAITING,
    "COMPLETED": StepStatus.SUCCEEDED,
    "FAILED": StepStatus.FAILED,
    "SKIPPED": StepStatus.SKIPPED,
    "CANCELLED": StepStatus.CANCELLED,
}


class Reported(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TaskReport(Reported):
    """One task as its runner sees it.

    ``task_id`` (else the name) tells it from the others of the list.
    """

    task_id: str = Field(
        "", max_length=300, description="what tells this task from the others; the name if left out"
    )
    task_name: str = Field(min_length=1, max_length=300)
    task_type: str = Field("task", min_length=1, max_length=20, pattern=r"^[A-Za-z][A-Za-z_]*$")
    status: TaskStatus
    attempt: StrictInt = Field(1, ge=1, le=1_000_000)
    optional: bool = False
    input: Json = None
    output: Json = None
    error: dict[str, Json] | str | None = None
    started_at: Moment | None = None
    completed_at: Moment | None = None
    metadata: dict[str, Json] = Field(default_factory=dict)

    @property
    def key(self) -> str:
        return self.task_id or self.task_name


class ToolCall(Reported):
    id: str = Field(min_length=1, max_length=200)
    name: str = Field(min_length=1, max_length=200)
    status: Annotated[
        Literal["PENDING", "RUNNING", "WAITING_APPROVAL", "COMPLETED", "FAILED", "SKIPPED"],
        _without("TOOL_CALL_"),
    ]
    arguments: Json = None
    result: Json = None
    error: str = ""
    started_at: Moment | None = None
    completed_at: Moment | None = None


class Message(Reported):
    type: Annotated[Literal["HUMAN", "AI", "TOOL", "SYSTEM", "THINKING"], _without("MESSAGE_")]
    content: str = ""
    timestamp: Moment | None = None
    tool_calls: list[Json] = Field(default_factory=list)


class Todo(Reported):
    content: str
    status: Annotated[
        Literal["PENDING", "IN_PROGRESS", "COMPLETED", "CANCELLED"], _without("TODO_")
    ] = "PENDING"


class StatusUpdate(Reported):
    """One update of an external runner.

    ``sequence`` rises with each; an update that comes late or twice is ignored.
    """

    sequence: StrictInt = Field(ge=1, le=2**62)
    phase: PhaseName = None
    tasks: list[TaskReport] | None = Field(None, max_length=MOST_TASKS)
    output: Json = None
    error: dict[str, Json] | str | None = None
    started_at: Moment | None = None
    completed_at: Moment | None = None
    runner_reference: str | None = Field(
        None, max_length=200, description="the runner's own id for this run"
    )
    messages: list[Message] | None = Field(None, max_length=MOST_MESSAGES)
    tool_calls: list[ToolCall] | None = Field(None, max_length=MOST_MESSAGES)
    sub_agent_executions: list[dict[str, Json]] | None = Field(None, max_length=MOST_TASKS)
    todos: dict[str, Todo] | None = Field(None, max_length=MOST_TASKS)
    input_tokens: StrictInt | None = Field(None, ge=0, le=2**62)
    output_tokens: StrictInt | None = Field(None, ge=0, le=2**62)
    cost: Decimal | None = Field(None, ge=0, max_digits=14, decimal_places=6)

    def gives(self, name: str) -> bool:
        """Whether the field was given at all: an output may be given as null."""
        return name in self.model_fields_set

    @property
    def to(self) -> Phase | None:
        """The phase as this installation names it; None leaves it."""
        if self.phase is None:
            return None
        return Phase.WAITING if self.phase == "WAITING_FOR_APPROVAL" else Phase(self.phase)


WORKFLOW_ONLY = frozenset({"tasks"})
AGENT_ONLY = frozenset(
    {
        "messages",
        "tool_calls",
        "sub_agent_executions",
        "todos",
        "input_tokens",
        "output_tokens",
        "cost",
    }
)
