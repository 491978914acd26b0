"""A whole workflow and what it names for use in its tasks.

Source: Serverless Workflow DSL 1.0, reference.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from executions.calls.http.arguments import AuthenticationPolicy
from executions.calls.parameters import Model
from executions.journal.paths import WORKSPACE
from executions.journal.records import StepRecord
from executions.language.model.policies import (
    ErrorDefinition,
    Evaluate,
    InputTransform,
    OutputTransform,
    RetryPolicy,
    Timeout,
    TimeoutOrName,
)
from executions.language.model.task import NamedTask, Task, TaskBase
from executions.language.model.workspace import Workspace, WorkspaceTask

_NAME = r"^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$"
_NUMBER = r"(?:0|[1-9]\d*)"
_SEMANTIC = rf"^{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$"
_NAMING = "letters, digits and hyphens, at most 63, beginning and ending with a letter or digit"


class Document(Model):
    """Names and describes the workflow."""

    dsl: str = Field(
        pattern=r"^1\.0\.\d+$", description="a version of the DSL, 1.0.x, for example '1.0.3'"
    )
    namespace: str = Field(pattern=_NAME, description=_NAMING)
    name: str = Field(pattern=_NAME, description=_NAMING)
    version: str = Field(
        pattern=_SEMANTIC, max_length=100, description="a semantic version such as '0.1.0'"
    )
    title: str | None = None
    summary: str | None = None
    tags: dict[str, Any] = Field(default_factory=dict)
    metadata: dict[str, Any] = Field(default_factory=dict)


class Use(Model):
    """The declarations to which tasks refer by name."""

    not_yet = ("catalogs", "extensions")
    model_config = ConfigDict(defer_build=True)

    authentications: dict[str, AuthenticationPolicy] = Field(default_factory=dict)
    errors: dict[str, ErrorDefinition] = Field(default_factory=dict)
    functions: dict[str, Task] = Field(default_factory=dict)
    retries: dict[str, RetryPolicy] = Field(default_factory=dict)
    secrets: list[str] = Field(default_factory=list)
    timeouts: dict[str, Timeout] = Field(default_factory=dict)


class Workflow(Model):
    """A definition that was found good: its references resolve, its expressions compile."""

    not_yet = ("schedule",)
    instead: ClassVar[dict[str, str]] = {
        "schedule": "leave it out and apply the workflow, then make a schedule of it:"
        " `stigmer schedules create`, or the page Schedules"
    }
    model_config = ConfigDict(defer_build=True)

    document: Document = Field(description="an object with dsl, namespace, name and version")
    input: InputTransform | None = None
    use: Use = Field(default_factory=Use)
    do: list[NamedTask] = Field(description="a list of tasks")
    timeout: TimeoutOrName | None = None
    output: OutputTransform | None = None
    evaluate: Evaluate = Field(default_factory=Evaluate)
    metadata: dict[str, Any] = Field(default_factory=dict)
    workspace: Workspace | None = Field(
        None, description="an object, `temporary` or `none`: the folder in which commands run"
    )

    @property
    def has_workspace(self) -> bool:
        """Whether its commands share a folder."""
        return self.workspace not in (None, "none")

    def step_at(self, path: str) -> TaskBase | None:
        """The task at a path to which no list of tasks leads; None: the lists tell."""
        return WorkspaceTask() if path == WORKSPACE else None

    def first_path(self) -> str | None:
        """The beginning of a run that follows no list of tasks; None: the list tells."""
        return None

    def path_after(self, records: Mapping[str, StepRecord], path: str) -> str | None:
        """The step after the finished one at ``path`` in such a run; None: the lists tell."""
        return None

    def retry_policy(self, policy: RetryPolicy | str) -> RetryPolicy:
        """The policy itself, or the one of that name under ``use.retries``."""
        return self.use.retries[policy] if isinstance(policy, str) else policy

    def error_definition(self, error: ErrorDefinition | str) -> ErrorDefinition:
        """The error itself, or the one of that name under ``use.errors``."""
        return self.use.errors[error] if isinstance(error, str) else error

    def timeout_of(self, timeout: Timeout | str | None) -> Timeout | None:
        """The time-out itself, or the one of that name under ``use.timeouts``."""
        return self.use.timeouts[timeout] if isinstance(timeout, str) else timeout

    def authentication(self, authentication: str | dict[str, Any]) -> dict[str, Any]:
        """A policy as plain JSON, its expressions not yet evaluated: ``{basic: …}`` or ``{bearer:
        …}``.

        Takes the name of one under ``use.authentications``, or the JSON that stands at an endpoint.
        Credentials held by a secret become the expressions that read it, so that a step meets one
        form only.
        """
        if isinstance(authentication, dict) and "use" not in authentication:
            policy = dict(authentication)
        else:
            name = authentication if isinstance(authentication, str) else authentication["use"]
            policy = self.use.authentications[name].model_dump(exclude_none=True)
        for scheme, properties in (("basic", ("username", "password")), ("bearer", ("token",))):
            secret = policy.get(scheme, {}).get("use")
            if secret is not None:
                policy[scheme] = {
                    key: f"${{ $secrets[{json.dumps(secret)}].{key} }}" for key in properties
                }
        return policy
