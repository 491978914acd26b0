"""The tasks of a workflow. Source: Serverless Workflow DSL 1.0, reference, Task.

A task's kind is the key that it has (``set``, ``call``, …). Fields are named as in the DSL, with a trailing
underscore where Python has the word for itself.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from executions.calls.parameters import OBJECT, TEXT, Expression, HttpArguments, Model, PythonArguments, shape
from executions.language.model.duration import Duration
from executions.language.model.entries import Named, ParametersOf, VariableName
from executions.language.model.policies import (
    ErrorDefinition,
    ErrorFilter,
    ExportTransform,
    Formula,
    InputTransform,
    OutputTransform,
    RetryPolicy,
    TimeoutOrName,
)

KINDS = ("do", "set", "switch", "for", "try", "raise", "wait", "call")
KINDS_NOT_YET = ("fork", "listen", "emit", "run")
CALLS_NOT_YET = ("openapi", "grpc", "asyncapi", "a2a", "mcp", "agent", "approval")
Effect = Literal["pure", "idempotent", "at_most_once", "transactional"]


def kinds_of(task: dict[str, Any]) -> list[str]:
    """The keys of a task that name a kind; the ``do`` of a ``for`` is its body, not a second kind."""
    found = [kind for kind in KINDS + KINDS_NOT_YET if kind in task]
    if "do" in found and "for" in found:
        found.remove("do")
    return found


def _tag(task: Any) -> str | None:
    found = kinds_of(task) if isinstance(task, dict) else []
    if len(found) != 1 or found[0] not in KINDS:
        return None
    if found[0] == "call" and task["call"] in ("http", "python"):
        return f"<call {task['call']}>"
    return f"<{found[0]}>"


class NamedTask(Named):
    task: Task = Field(alias="<entry>")


class NamedCase(Named):
    case: SwitchCase = Field(alias="<entry>")


class TaskMetadata(Model):
    """Our own settings of a task; other keys are the author's and are kept."""

    model_config = ConfigDict(extra="allow")

    optional: bool = Field(False, description="whether a person may skip the task when it has failed")
    effect: Effect | None = None
    retry: RetryPolicy | None = None
    attempt_timeout: Duration | None = Field(None, alias="attemptTimeout")


class TaskBase(Model):
    """What every task can have."""

    kind: ClassVar[str]

    if_: Formula | None = Field(None, alias="if")
    input: InputTransform | None = None
    output: OutputTransform | None = None
    export: ExportTransform | None = None
    timeout: TimeoutOrName | None = None
    then: str | None = Field(None, min_length=1, description="continue, exit, end or the name of a task in this list")
    metadata: TaskMetadata = Field(default_factory=TaskMetadata)


class DoTask(TaskBase):
    """Tasks in sequence."""

    kind = "do"
    do: list[NamedTask] = Field(description="a list of tasks")


class SetTask(TaskBase):
    """Data made from expressions."""

    kind = "set"
    set: Annotated[
        Annotated[dict[str, Any], Field(min_length=1), Tag(OBJECT)] | Annotated[Expression, Tag(TEXT)],
        Discriminator(shape),
    ] = Field(description="an object, or an expression")


class SwitchCase(Model):
    when: Formula | None = None
    then: str = Field(min_length=1, description="continue, exit, end or the name of a task in this list")


class SwitchTask(TaskBase):
    """The first case whose ``when`` is true says where to go on; the case without ``when`` is the default."""

    kind = "switch"
    switch: list[NamedCase] = Field(min_length=1, description="a list of cases")


class ForEach(Model):
    each: VariableName = "item"
    in_: Formula = Field(alias="in", description="an expression that yields the list to go through")
    at: VariableName = "index"

    @model_validator(mode="after")
    def _two_names(self) -> Self:
        if self.each == self.at:
            raise ValueError(f"`each` and `at` cannot both be named `{self.each[:60]}`")
        return self


class ForTask(TaskBase):
    """Tasks for each item of a list, one item after the other."""

    kind = "for"
    for_: ForEach = Field(alias="for", description="an object with `in`")
    while_: Formula | None = Field(None, alias="while")
    do: list[NamedTask] = Field(description="a list of tasks")


class CatchErrors(Model):
    with_: ErrorFilter | None = Field(None, alias="with")


class Catch(Model):
    """Which errors are taken and what is done about them."""

    errors: CatchErrors | None = None
    as_: VariableName = Field("error", alias="as")
    when: Formula | None = None
    except_when: Formula | None = Field(None, alias="exceptWhen")
    retry: Annotated[Annotated[RetryPolicy, Tag(OBJECT)] | Annotated[str, Tag(TEXT)], Discriminator(shape)] | None = (
        None
    )
    do: list[NamedTask] | None = None


class TryTask(TaskBase):
    """Tasks whose errors can be caught, tried again, or answered by other tasks."""

    kind = "try"
    try_: list[NamedTask] = Field(alias="try", description="a list of tasks")
    catch: Catch = Field(description="an object that says which errors are caught")


class RaiseError(Model):
    error: Annotated[Annotated[ErrorDefinition, Tag(OBJECT)] | Annotated[str, Tag(TEXT)], Discriminator(shape)] = Field(
        description="an error, or the name of one under `use.errors`"
    )


class RaiseTask(TaskBase):
    """An error of the author's own."""

    kind = "raise"
    raise_: RaiseError = Field(alias="raise", description="an object with `error`")


class WaitTask(TaskBase):
    """A pause that outlives restarts."""

    kind = "wait"
    wait: Duration = Field(description="a duration")


class CallTask(TaskBase):
    """A call: of ``http``, of ``python``, or of a function under ``use.functions`` (then ``with`` is its input)."""

    kind = "call"
    call: str = Field(
        min_length=1,
        description="http, python or the name of a function under `use.functions`",
        json_schema_extra={"not": {"enum": ["http", "python", *CALLS_NOT_YET]}},
    )
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")


class HttpCall(CallTask):
    call: Literal["http"] = Field()
    with_: Annotated[dict[str, Any], ParametersOf(HttpArguments)] = Field(
        alias="with", description="an object with `method` and `endpoint`"
    )


class PythonCall(CallTask):
    call: Literal["python"] = Field()
    with_: Annotated[dict[str, Any], ParametersOf(PythonArguments)] = Field(
        alias="with", description="an object with `function`"
    )


Task = Annotated[
    Annotated[DoTask, Tag("<do>")]
    | Annotated[SetTask, Tag("<set>")]
    | Annotated[SwitchTask, Tag("<switch>")]
    | Annotated[ForTask, Tag("<for>")]
    | Annotated[TryTask, Tag("<try>")]
    | Annotated[RaiseTask, Tag("<raise>")]
    | Annotated[WaitTask, Tag("<wait>")]
    | Annotated[CallTask, Tag("<call>")]
    | Annotated[HttpCall, Tag("<call http>")]
    | Annotated[PythonCall, Tag("<call python>")],
    Discriminator(_tag),
]
