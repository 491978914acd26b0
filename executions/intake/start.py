"""Starting an execution: one row, PENDING and due, and a ring at the doorbell once it is committed."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from executions.intake.create_execution import (
    AGENT_EXECUTION_CREATE,
    WORKFLOW_EXECUTION_CREATE,
    input_problems,
)
from executions.intake.execution_draft import SILENCE_SECONDS, ExecutionDraft
from executions.models import Agent, AgentInstance, Execution, Session, Workflow, WorkflowInstance

__all__ = ["input_problems", "start", "start_agent"]


def start(
    workflow: Workflow | None,
    owner: User,
    *,
    input: Any = None,
    instance: WorkflowInstance | None = None,
    name: str = "",
    correlation_id: str = "",
    queue: str = "default",
    runner: str = "ours",
    runner_silence_seconds: int = SILENCE_SECONDS,
) -> Execution:
    """A new PENDING execution of the workflow's newest version. Raises Refused; then nothing is stored.

    Name the workflow, the instance or both. ``runner="external"`` leaves driving it to somebody who reports with
    status updates and may be silent for ``runner_silence_seconds``.
    """
    draft = ExecutionDraft(
        owner=owner,
        workflow=workflow,
        given_instance=instance,
        input=input,
        name=name,
        correlation_id=correlation_id,
        queue=queue,
        runner=runner,
        runner_silence_seconds=runner_silence_seconds,
    )
    return _created(WORKFLOW_EXECUTION_CREATE.run(draft))


def start_agent(
    agent: Agent | None,
    owner: User,
    *,
    message: str,
    model: str = "",
    session: Session | None = None,
    instance: AgentInstance | None = None,
    name: str = "",
    correlation_id: str = "",
    queue: str = "default",
    runner: str = "ours",
    runner_silence_seconds: int = SILENCE_SECONDS,
) -> Execution:
    """A new PENDING run of the agent's newest version, in the session, else in this person's default one with it.

    Raises Refused (``conflict`` without an external runner: our workers do not drive agents yet).
    """
    draft = ExecutionDraft(
        owner=owner,
        kind="agent",
        agent=agent,
        given_instance=instance,
        given_session=session,
        input={"message": message, **({"model": model} if model else {})},
        name=name,
        correlation_id=correlation_id,
        queue=queue,
        runner=runner,
        runner_silence_seconds=runner_silence_seconds,
    )
    return _created(AGENT_EXECUTION_CREATE.run(draft))


def _created(draft: ExecutionDraft) -> Execution:
    assert draft.execution is not None
    return draft.execution
