"""Starting an execution: one row, PENDING and due, and a ring at the doorbell once it is
committed.
"""

from __future__ import annotations

from typing import Any, TypedDict, Unpack

from django.contrib.auth.models import User

from executions import sight
from executions.intake.create_execution import (
    AGENT_EXECUTION_CREATE,
    WORKFLOW_EXECUTION_CREATE,
    input_problems,
)
from executions.intake.execution_draft import ExecutionDraft
from executions.intake.pipeline import Pipeline
from executions.models import Agent, AgentInstance, Execution, Session, Workflow, WorkflowInstance

__all__ = ["input_problems", "start", "start_agent"]


class Circumstances(TypedDict, total=False):
    """The options of both kinds of runs.

    ``runner="external"`` leaves driving it to somebody who reports with status updates and may be
    silent for ``runner_silence_seconds``. ``own_workspace`` is where it works, in place of what its
    definition says. A name may be used again; ``unique_name`` refuses that.
    """

    name: str
    unique_name: bool
    correlation_id: str
    queue: str
    own_workspace: Any
    runner: str
    runner_silence_seconds: int


def start(
    workflow: Workflow | None,
    owner: User,
    *,
    input: Any = None,
    instance: WorkflowInstance | None = None,
    **how: Unpack[Circumstances],
) -> Execution:
    """A new PENDING execution of the workflow's newest version.

    Raises Refused; then nothing is stored.

    Name the workflow, the instance or both.
    """
    draft = ExecutionDraft(
        owner=owner, workflow=workflow, given_instance=instance, input=input, **how
    )
    return _created(WORKFLOW_EXECUTION_CREATE, draft)


def start_agent(
    agent: Agent | None,
    owner: User,
    *,
    message: str,
    model: str = "",
    from_run: str | None = None,
    from_turn: int | None = None,
    limits: dict[str, Any] | None = None,
    session: Session | None = None,
    instance: AgentInstance | None = None,
    **how: Unpack[Circumstances],
) -> Execution:
    """A new PENDING run of the agent's newest version, in the session, else in this person's
    default one with it.

    It may ask another ``model``, and go on ``from_run``, from what was said there up to
    ``from_turn`` (0: without anything of that run itself). ``limits`` count where they are lower
    than the agent's.

    Raises Refused (``conflict`` where there is no model that it may ask).
    """
    words = {"model": model, "from_run": from_run, "from_turn": from_turn, "limits": limits}
    run_input = {"message": message} | {
        name: value for name, value in words.items() if value not in (None, "", {})
    }
    draft = ExecutionDraft(
        owner=owner,
        kind="agent",
        agent=agent,
        given_instance=instance,
        given_session=session,
        input=run_input,
        **how,
    )
    return _created(AGENT_EXECUTION_CREATE, draft)


def _created(pipeline: Pipeline[ExecutionDraft], draft: ExecutionDraft) -> Execution:
    sight.check_not_masked(draft.owner, draft.input)
    execution = pipeline.run(draft).execution
    assert execution is not None
    return execution
