"""The order for an execution, and everything that is found out while it is being created."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User

from executions.ids import public_id, uuid7
from executions.models import (
    Agent,
    AgentInstance,
    AgentVersion,
    Execution,
    Session,
    Workflow,
    WorkflowInstance,
    WorkflowVersion,
)
from executions.states import Runner

SILENCE_SECONDS = 300


@dataclass(slots=True, kw_only=True)
class ExecutionDraft:
    """First what the caller asks for, then what the stages fill in."""

    owner: User
    kind: str = "workflow"
    workflow: Workflow | None = None
    agent: Agent | None = None
    given_instance: WorkflowInstance | AgentInstance | None = None
    given_session: Session | None = None
    # Of a fork: the version that the run before it follows.
    given_version: WorkflowVersion | None = None
    input: Any = None
    name: str = ""
    unique_name: bool = False
    correlation_id: str = ""
    queue: str = "default"
    own_workspace: Any = None
    runner: str = Runner.OURS
    runner_silence_seconds: int = SILENCE_SECONDS
    # Of the child of another run, or of a fork: the columns that say whose it is.
    descent: dict[str, Any] = field(default_factory=dict)

    id: uuid.UUID = field(default_factory=uuid7)
    slug: str = ""
    version: WorkflowVersion | AgentVersion | None = None
    instance: WorkflowInstance | AgentInstance | None = None
    session: Session | None = None
    execution: Execution | None = None

    @property
    def public_id(self) -> str:
        return public_id("aex" if self.kind == "agent" else "wex", self.id)

    @property
    def subject(self) -> Workflow | Agent | None:
        """The workflow or agent that shall run, where it is known."""
        return self.agent if self.kind == "agent" else self.workflow
