"""Reports of an agent's runner beside phases: messages, tool calls, to-dos, sub-agents, costs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from django.db import models

from executions.intake.status_update import StatusUpdate
from executions.models import AgentMessage, AgentRun, AgentToolCall, Execution

M = TypeVar("M", AgentMessage, AgentToolCall)
_COUNTERS = ("input_tokens", "output_tokens", "cost")
_DONE = ("COMPLETED", "CANCELLED")


def merge(execution: Execution, update: StatusUpdate, now: datetime) -> None:
    """Store what the update gives of the conversation; what it does not name stays."""
    run, _ = AgentRun.objects.get_or_create(execution=execution)
    if update.messages is not None:
        _replace(AgentMessage.objects.filter(run=run), _messages(run, update, now))
    if update.tool_calls is not None:
        _replace(AgentToolCall.objects.filter(run=run), _tool_calls(run, update))
    changed: dict[str, Any] = {
        name: value for name in _COUNTERS if (value := getattr(update, name)) is not None
    }
    if update.todos is not None:
        changed["todos"] = {key: todo.model_dump() for key, todo in update.todos.items()}
    if update.sub_agent_executions is not None:
        changed["sub_agent_executions"] = update.sub_agent_executions
    if changed:
        for name, value in changed.items():
            setattr(run, name, value)
        run.save(update_fields=list(changed))


def todos_done(update: StatusUpdate) -> tuple[int, int]:
    """How many of the to-dos are over, and how many there are."""
    todos = list((update.todos or {}).values())
    return sum(todo.status in _DONE for todo in todos), len(todos)


def _replace(stored: models.QuerySet[M], reported: list[M]) -> None:
    """A conversation grows at its end: what both have in common at the beginning is left as it
    is.
    """
    rows = list(stored.order_by("position"))
    same = 0
    while same < min(len(rows), len(reported)) and _values(rows[same]) == _values(reported[same]):
        same += 1
    stored.filter(position__gte=same).delete()
    stored.model._default_manager.bulk_create(reported[same:], batch_size=200)


def _values(row: models.Model) -> dict[str, Any]:
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.attname != "id"
    }


def _messages(run: AgentRun, update: StatusUpdate, now: datetime) -> list[AgentMessage]:
    """A message without a time keeps the one under which it was stored first."""
    stored_times = dict(AgentMessage.objects.filter(run=run).values_list("position", "created_at"))
    return [
        AgentMessage(
            run=run,
            position=position,
            type=message.type,
            content=message.content,
            tool_calls=message.tool_calls,
            created_at=message.timestamp or stored_times.get(position, now),
        )
        for position, message in enumerate(update.messages or [])
    ]


def _tool_calls(run: AgentRun, update: StatusUpdate) -> list[AgentToolCall]:
    return [
        AgentToolCall(
            run=run,
            position=position,
            call_id=call.id,
            name=call.name,
            status=call.status,
            arguments=call.arguments,
            result=call.result,
            error=call.error,
            started_at=call.started_at,
            completed_at=call.completed_at,
        )
        for position, call in enumerate(update.tool_calls or [])
    ]
