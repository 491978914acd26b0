"""``workspace``: the folder in which the commands of a run work, its own for each run."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Field, Tag

from executions.calls.duration import Duration
from executions.calls.kind import Effect
from executions.calls.parameters import OBJECT, TEXT, Model, shape
from executions.calls.workspace import WORKSPACE
from executions.journal.records import StepRecord
from executions.language.model.task import TaskBase

_REFERENCE = r"^[A-Za-z0-9][A-Za-z0-9._/-]*$"


class GitWorkspace(Model):
    """A clone of a repository that the operator has named."""

    repository: str = Field(min_length=1, max_length=100, description="the name of a repository")
    base: str | None = Field(
        None,
        pattern=_REFERENCE,
        max_length=200,
        description="the branch or tag that it begins at; the repository's own by default",
    )
    branch: str | None = Field(
        None,
        pattern=_REFERENCE,
        max_length=200,
        description="the branch of the run; one that is named after the run by default",
    )


class Keep(Model):
    """How long it is kept once the run has ended."""

    after_success: float | None = Field(
        None, ge=0, alias="afterSuccess", description="days; 1 by default"
    )
    after_failure: float | None = Field(
        None, ge=0, alias="afterFailure", description="days; 7 by default"
    )


class WorkspaceSettings(Model):
    """A folder of its own for each run."""

    git: GitWorkspace | None = Field(None, description="an object with `repository`")
    persistent: bool = Field(False, description="whether it is kept until somebody removes it")
    remake_after: Duration | None = Field(
        None,
        alias="remakeAfter",
        description=(
            "so long its host may be away before a git workspace is made again elsewhere; a person"
            " decides by default"
        ),
    )
    keep: Keep = Field(default_factory=Keep, description="how long it is kept after the run")


class WorkspaceTask(TaskBase):
    """The first step of a run with a workspace: it is made. No definition holds it."""

    kind = "call"
    call: ClassVar[str] = WORKSPACE.name

    def effect(self, arguments: Any) -> Effect:
        return WORKSPACE.effect_of(arguments)

    def walk(self, walker: Any, record: StepRecord, frame: Any) -> Any:
        """Make it once."""
        from executions.language.walking import calling

        workspace = walker.workflow.workspace
        arguments = arguments_of(workspace)

        def template() -> dict[str, Any]:
            after = workspace.remake_after if isinstance(workspace, WorkspaceSettings) else None
            if after is None:
                return arguments
            return arguments | {"remakeAfterSeconds": frame.scope.seconds_of(after, record.input)}

        return (
            yield from calling.walk(walker, record, frame, self, WORKSPACE, arguments, template)
        )


Workspace = Annotated[
    Annotated[WorkspaceSettings, Tag(OBJECT)] | Annotated[Literal["temporary", "none"], Tag(TEXT)],
    Discriminator(shape),
]


def arguments_of(workspace: WorkspaceSettings | str | None) -> dict[str, Any]:
    """The arguments of the step that makes it, but for those that an expression says."""
    arguments: dict[str, Any] = {}
    if isinstance(workspace, WorkspaceSettings):
        arguments = workspace.git.model_dump(exclude_none=True) if workspace.git else {}
        if workspace.persistent:
            arguments["persistent"] = True
        if keep := workspace.keep.model_dump(by_alias=True, exclude_none=True):
            arguments["keep"] = keep
    return arguments
