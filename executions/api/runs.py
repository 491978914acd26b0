"""Starting runs: every address that starts one comes here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from executions.api import finding
from executions.api.idempotency import Answer, once
from executions.api.problems import FieldError, Problem, correlation_id
from executions.api.refusals import not_found
from executions.api.render import executions as render
from executions.api.schemas.executions import RunBody
from executions.errors import Finding, Refused
from executions.ids import parse_public_id
from executions.intake.execution_draft import SILENCE_SECONDS
from executions.intake.readiness import require_queue
from executions.intake.start import Circumstances, start, start_agent
from executions.models import Agent, AgentInstance, Execution, Session, Workflow, WorkflowInstance
from executions.states import Runner

Instance = TypeVar("Instance", WorkflowInstance, AgentInstance)
# The runners of runs that are started by name (POST /workflows/{runner}/run/{workflow_name}).
RUNNERS = {"stigmer": Runner.OURS, "claude-code": Runner.OURS, "external": Runner.EXTERNAL}


def run_workflow(
    request: HttpRequest,
    response: HttpResponse,
    user: User,
    workflow: Workflow | None,
    body: RunBody,
    instance: WorkflowInstance | None = None,
) -> dict[str, Any]:
    """202 and where to follow it, once for each Idempotency-Key."""
    _refuse_words_for_agents(body)
    if workflow is not None and body.instance is not None:
        instances = workflow.instances.select_related("workflow")
        instance = _instance_of(instances, "win", f"workflow {workflow.slug}", body.instance)

    def begun(note: str) -> Answer:
        try:
            execution = start(
                workflow, user, input=_input(body), instance=instance, **_circumstances(body)
            )
        except Refused as refused:
            refused.findings = [_as_sent(body, each) for each in refused.findings]
            raise
        return _accepted(execution, note)

    return _answered(request, response, user, body, begun)


def run_agent(
    request: HttpRequest,
    response: HttpResponse,
    user: User,
    agent: Agent | None,
    body: RunBody,
    session: Session | None = None,
) -> dict[str, Any]:
    """202 and where to follow it, once for each Idempotency-Key."""
    if body.session_id is not None and session is None:
        session = finding.session(user, body.session_id)
    if session is not None and session.owner_id != user.pk:
        raise Problem(
            "forbidden", "This conversation is somebody else's; only its owner goes on with it."
        )
    if session is not None and agent is not None and session.agent_id != agent.pk:
        raise Problem(
            "invalid-argument",
            f"The session {session.public_id} is not one with the agent {agent.slug}.",
        )
    agent = agent or (session.agent if session else None)
    instance = None
    if agent is not None and body.instance is not None:
        instances = agent.instances.select_related("agent")
        instance = _instance_of(instances, "ain", f"agent {agent.slug}", body.instance)
    message = _message(body)

    def begun(note: str) -> Answer:
        execution = start_agent(
            agent,
            user,
            message=message,
            model=body.model or "",
            from_run=body.from_run,
            from_turn=body.from_turn,
            limits=_limits(body),
            session=session,
            instance=instance,
            **_circumstances(body),
        )
        return _accepted(execution, note)

    return _answered(request, response, user, body, begun)


def _answered(
    request: HttpRequest, response: HttpResponse, user: User, body: RunBody, begun: Any
) -> dict[str, Any]:
    def work() -> Answer:
        # An external runner needs neither Redis nor a worker of ours.
        answer: Answer = begun(require_queue() if Runner(body.runner) is Runner.OURS else "")
        return answer

    answer = once(request, user, work)
    response["Location"] = answer.body["links"]["self"]
    if answer.replayed:
        response["Idempotency-Replayed"] = "true"
    return answer.body


def _circumstances(body: RunBody) -> Circumstances:
    return {
        "name": body.name,
        "unique_name": body.unique_name,
        "correlation_id": correlation_id(),
        "own_workspace": body.workspace,
        "runner": body.runner,
        "runner_silence_seconds": body.runner_silence_seconds or SILENCE_SECONDS,
    }


def _accepted(execution: Execution, note: str) -> Answer:
    return Answer(202, render.accepted(execution, note).model_dump(mode="json"))


def _input(body: RunBody) -> Any:
    """The input, with the message in it where there is one."""
    if body.message is None:
        return body.input
    if body.input is None:
        return {"message": body.message}
    if not isinstance(body.input, dict) or "message" in body.input:
        raise Problem(
            "invalid",
            "The message has no place in this input.",
            errors=[
                FieldError(
                    "Needs an input that is an object without `message`.", pointer="#/message"
                )
            ],
        )
    return {**body.input, "message": body.message}


def _as_sent(body: RunBody, finding: Finding) -> Finding:
    """The message travels in the input; what is wrong with it is pointed at where it was sent."""
    is_message = body.message is not None and finding.pointer == "/input/message"
    return replace(finding, pointer="/message") if is_message else finding


def _refuse_words_for_agents(body: RunBody) -> None:
    names = [
        name
        for name in ("model", "from_run", "from_turn", "limits")
        if getattr(body, name) is not None
    ]
    if names:
        raise Problem(
            "invalid",
            "A workflow takes no such thing.",
            errors=[FieldError("Only an agent has it.", pointer=f"#/{name}") for name in names],
        )


def _limits(body: RunBody) -> dict[str, Any]:
    """The limits of this run under the names that a definition gives them."""
    limits = {} if body.limits is None else body.limits.model_dump(exclude_none=True)
    return {"toolCalls" if name == "tool_calls" else name: value for name, value in limits.items()}


def _message(body: RunBody) -> str:
    if not body.message or not body.message.strip():
        raise Problem(
            "invalid",
            "An agent needs a message.",
            errors=[FieldError("Say what to do.", pointer="#/message")],
        )
    if body.input is not None:
        raise Problem(
            "invalid",
            "An agent takes a message, no input.",
            errors=[FieldError("Leave it out.", pointer="#/input")],
        )
    return body.message


def _instance_of(
    instances: QuerySet[Instance, Instance], prefix: str, parent: str, ref: str
) -> Instance:
    """One of these instances by id or slug."""
    key = parse_public_id(ref, prefix)
    instance = instances.filter(pk=key).first() if key else instances.filter(slug=ref).first()
    if instance is None:
        raise not_found(f"The {parent} has no instance {finding.shown(ref)}.")
    return instance


def driver_named(runner: str) -> str:
    """The runner of the name in the address. Raises the 404 that lists the known ones."""
    if runner not in RUNNERS:
        names = ", ".join(RUNNERS)
        raise not_found(f"There is no runner {finding.shown(runner)}.", f"Known runners: {names}.")
    return RUNNERS[runner]
