"""Executions as the API shows them."""

from __future__ import annotations

from typing import Any

from executions import showing, sight
from executions.agents import reading
from executions.api.problems import correlation_id
from executions.api.render import links, schedules
from executions.api.schemas import executions as shapes
from executions.api.schemas.shared import API_VERSION, Audit, Audits, Metadata
from executions.driving.lease import load_records
from executions.ids import public_id
from executions.models import AgentRun, Execution, LateAnswer, away, in_line
from executions.states import Phase, Runner
from executions.verbs.deciding.decisions import Decided

# Large columns that lists leave in the database.
HEAVY = ("input", "output", "error")


def execution(row: Execution, *, brief: bool = False) -> shapes.Execution:
    """The whole of it; ``brief`` leaves input, output and error out."""
    kind = "AgentExecution" if row.kind == "agent" else "WorkflowExecution"
    metadata = Metadata(
        id=row.public_id,
        name=row.name,
        slug=row.slug,
        owner=row.owner.username,
        created_at=row.created_at,
    )
    return shapes.Execution(
        api_version=API_VERSION,
        kind=kind,
        metadata=metadata,
        spec=_spec(row, brief),
        status=_status(row, brief),
        links=links.of_execution(row),
    )


def item(row: Execution) -> shapes.Execution:
    return execution(row, brief=True)


def _spec(row: Execution, brief: bool) -> shapes.ExecutionSpec:
    version = row.agent_version if row.kind == "agent" else row.version
    return shapes.ExecutionSpec(
        workflow_id=row.workflow.public_id if row.workflow else None,
        workflow=row.workflow.slug if row.workflow else None,
        workflow_instance_id=public_id("win", row.instance_id) if row.instance_id else None,
        agent_id=row.agent.public_id if row.agent else None,
        agent=row.agent.slug if row.agent else None,
        agent_instance_id=public_id("ain", row.agent_instance_id)
        if row.agent_instance_id
        else None,
        session_id=public_id("ses", row.session_id) if row.session_id else None,
        version=version.number if version else 0,
        runner=row.runner,
        correlation_id=row.correlation_id,
        parent_id=row.parent_public_id or None,
        forked_from=row.forked_from_public_id or None,
        forked_seq=row.forked_seq,
        workspace=row.own_workspace,
        schedule=None if brief else schedules.of_run(row),
        input=None if brief else showing.value(row.input),
    )


def _status(row: Execution, brief: bool) -> shapes.ExecutionStatus:
    moments = [
        row.started_at,
        row.last_checkpoint_at,
        row.failed_at,
        row.ended_at,
        row.runner_heard_at,
    ]
    last = max((moment for moment in moments if moment), default=row.created_at)
    audit = Audits(
        spec_audit=Audit(created_by=row.owner.username, created_at=row.created_at, event="created"),
        status_audit=Audit(created_at=row.created_at, updated_at=last, event="updated"),
    )
    return shapes.ExecutionStatus(
        phase=Phase(row.phase),
        seq=row.head_seq,
        current_step=row.current_step,
        progress=shapes.Progress(finished=row.progress_done, total=row.progress_total),
        retry_count=row.retry_count,
        failure_reason=sight.reason_of(row),
        failed_at=row.failed_at,
        requires_manual_intervention=row.requires_manual_intervention,
        last_checkpoint_at=row.last_checkpoint_at,
        waiting_for=row.waiting_for,
        wake_at=row.wake_at,
        waits_for_host=None if brief else _waits_for_host(row),
        function_line=None if brief else _function_line(row),
        late_answer=None if brief else _late_answer(row),
        cancel_asked=row.cancel_asked_at is not None,
        pause_asked=row.pause_asked_at is not None,
        runner_heard_at=row.runner_heard_at,
        runner_silent=row.is_runner_silent(),
        started_at=row.started_at,
        ended_at=row.ended_at,
        output=None if brief else showing.value(row.output),
        error=None if brief else showing.value(row.error),
        audit=audit,
        **({} if brief or row.kind != "agent" else _agent_run(row)),
    )


def _waits_for_host(row: Execution) -> str | None:
    """The host on which alone it can go on, while no worker lives there."""
    absence = away.host_of(row)
    return None if absence is None else absence.host


def _function_line(row: Execution) -> shapes.FunctionLine | None:
    """Why it does not move, where it waits for a process of functions."""
    place = in_line.place_of(row)
    if place is None:
        return None
    line = place.line
    return shapes.FunctionLine(
        step=place.step.path,
        since=place.since,
        length=line.length,
        oldest_since=line.since,
        told=place.told(),
    )


def _late_answer(row: Execution) -> shapes.LateAnswer | None:
    """The late answer that the person who decides may take over."""
    late = LateAnswer.objects.offered_to(row)
    if late is None:
        return None
    return shapes.LateAnswer(
        step=late.step.path,
        attempt=late.number,
        succeeded=late.succeeded,
        output=showing.value(late.output),
        error=showing.value(late.error),
        came_at=late.came_at,
        told=showing.text(late.told()),
    )


def _agent_run(row: Execution) -> dict[str, Any]:
    return _read_from_journal(row) if row.runner == Runner.OURS else _reported(row)


def _read_from_journal(row: Execution) -> dict[str, Any]:
    """The conversation of a run that we drive: each message stands in the step that made it."""
    turns = reading.turns_of(load_records(row.pk))
    usage = reading.usage_of(turns)
    said = row.input.get("message", "") if isinstance(row.input, dict) else ""
    messages = [
        shapes.Message(
            type="HUMAN", content=showing.text(str(said)), tool_calls=[], created_at=row.created_at
        )
    ]
    for turn in turns:
        at = turn.started_at or row.created_at
        messages += [
            shapes.Message(type="HUMAN", content=showing.text(text), tool_calls=[], created_at=at)
            for _, text in turn.said
        ]
        messages += _messages(turn) if turn.finished_at is not None and not turn.error else []
    return {
        "messages": messages,
        "tool_calls": [_tool_call(call) for turn in turns for call in turn.calls],
        "todos": showing.value(reading.todos_of(turns)),
        "sub_agent_executions": reading.children_of(turns),
        "usage": shapes.Usage(
            input_tokens=usage["input_tokens"],
            output_tokens=usage["output_tokens"],
            cost=reading.cost_of(turns),
        ),
    }


def _messages(turn: reading.TurnRead) -> list[shapes.Message]:
    assert turn.finished_at is not None
    calls = [
        {"id": c.id, "name": c.name, "arguments": showing.value(c.arguments)} for c in turn.calls
    ]
    message = shapes.Message(
        type="AI", content=showing.text(turn.text), tool_calls=calls, created_at=turn.finished_at
    )
    results = [
        shapes.Message(
            type="TOOL", content=showing.text(c.text), tool_calls=[], created_at=c.finished_at
        )
        for c in turn.calls
        if c.finished_at is not None
    ]
    return [message, *results]


def _tool_call(call: reading.Called) -> shapes.ToolCall:
    return shapes.ToolCall(
        id=call.id,
        name=call.name,
        status="WAITING" if call.waits else call.status or "PENDING",
        arguments=showing.value(call.arguments),
        result=showing.value(call.result),
        error=showing.value(call.error or None),
        started_at=call.started_at,
        completed_at=call.finished_at,
    )


def _reported(row: Execution) -> dict[str, Any]:
    run = AgentRun.objects.filter(pk=row.pk).prefetch_related("messages", "tool_calls").first()
    if run is None:
        return {}
    return {
        "messages": [
            shapes.Message(
                type=m.type,
                content=showing.text(m.content),
                tool_calls=showing.value(m.tool_calls),
                created_at=m.created_at,
            )
            for m in run.messages.all()
        ],
        "tool_calls": [
            shapes.ToolCall(
                id=call.call_id,
                name=call.name,
                status=call.status,
                arguments=showing.value(call.arguments),
                result=showing.value(call.result),
                error=showing.value(call.error or None),
                started_at=call.started_at,
                completed_at=call.completed_at,
            )
            for call in run.tool_calls.all()
        ],
        "todos": showing.value(run.todos),
        "sub_agent_executions": run.sub_agent_executions,
        "usage": shapes.Usage(
            input_tokens=run.input_tokens,
            output_tokens=run.output_tokens,
            cost=f"{run.cost.normalize():f}",
        ),
    }


def accepted(row: Execution, note: str) -> shapes.Accepted:
    subject = row.subject
    return shapes.Accepted(
        id=row.public_id,
        run_id=row.public_id,
        phase=Phase(row.phase),
        status=row.phase.lower(),
        workflow_name=subject.slug if row.kind == "workflow" else None,
        agent_name=subject.slug if row.kind == "agent" else None,
        session_id=public_id("ses", row.session_id) if row.session_id else None,
        correlation_id=row.correlation_id,
        accepted_at=row.created_at,
        started_at=row.started_at,
        message=note or _what_next(row),
        links=links.of_execution(row),
    )


def _what_next(row: Execution) -> str:
    if row.runner == Runner.EXTERNAL:
        return "It is PENDING until its runner reports by PATCH …/status."
    return "It is PENDING until a worker takes it; follow it at links.events."


def decided(result: Decided) -> shapes.Decided:
    return shapes.Decided(
        execution_id=result.execution_id,
        phase=result.phase,
        resumed_from=result.resumed_from,
        checkpoint_seq=result.checkpoint_seq,
        next_step=result.next_step,
        kept=result.kept,
        correlation_id=result.correlation_id,
        seq=result.seq,
    )


def controlled(row: Execution, asked: bool) -> shapes.Controlled:
    return shapes.Controlled(
        execution_id=row.public_id,
        phase=Phase(row.phase),
        asked=asked,
        correlation_id=row.correlation_id or correlation_id(),
        seq=row.head_seq,
    )
