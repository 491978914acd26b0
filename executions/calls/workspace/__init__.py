"""The workspace of a run: a folder of its own, made as the first step of the run."""

from __future__ import annotations

from pydantic import Field

from executions.calls import sandboxed
from executions.calls.kind import CallKind
from executions.calls.parameters import Model


class WorkspaceArguments(Model):
    """The folder that is made: an empty one, or a clone of ``repository``."""

    repository: str | None = Field(None, description="the name of a repository, or its address")
    base: str | None = None
    branch: str | None = None
    persistent: bool = False
    remake_after_seconds: float | None = Field(None, alias="remakeAfterSeconds")
    keep: dict[str, float] = Field(default_factory=dict)


WORKSPACE = CallKind(
    "workspace",
    WorkspaceArguments,
    needs="what is made",
    # A second attempt begins with an empty folder again.
    effect_of=lambda arguments: "idempotent",
    destinations=(),
    limits=sandboxed.LIMITS
    | {
        "artifacts": "STIGMER_ARTIFACTS",
        "repositories": "STIGMER_REPOSITORIES",
        "git_hosts": "STIGMER_GIT_HOSTS",
    },
    attempt_seconds=lambda: sandboxed.ATTEMPT_SECONDS,
    streams=True,
    keeps_log=True,
    takes_secrets=False,
)
