"""The conversation that an external runner reports of an agent's run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from executions.models import AgentMessage, AgentRun, AgentToolCall, Execution

MOST_MESSAGES, MOST_CALLS = 400, 400


@dataclass(frozen=True, slots=True)
class Message:
    """A message with the calls that it names. ``type`` is that of the report: HUMAN, AI, TOOL,
    SYSTEM or THINKING.
    """

    number: int
    type: str
    text: str
    calls: tuple[AgentToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class RunnerReport:
    """The newest messages, the calls that none of them names, and what was used. ``left_out`` older
    messages are in the API alone. A cost of None was not told.
    """

    messages: list[Message] = field(default_factory=list)
    calls: list[AgentToolCall] = field(default_factory=list)
    left_out: int = 0
    usage: dict[str, int] = field(default_factory=dict)
    cost: str | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.messages or self.calls)


def report_of(execution: Execution) -> RunnerReport:
    """The runner's report so far. Its first message is left out if it repeats the one that began
    the run.
    """
    run = AgentRun.objects.filter(pk=execution.pk).first()
    if run is None:
        return RunnerReport()
    newest = list(run.messages.order_by("-position")[: MOST_MESSAGES + 1])
    left_out = max(0, run.messages.count() - MOST_MESSAGES)
    rows = list(reversed(newest[:MOST_MESSAGES]))
    if not left_out and rows and _repeats(rows[0], execution):
        rows = rows[1:]
    calls = {call.call_id: call for call in run.tool_calls.order_by("position")[:MOST_CALLS]}
    messages = [Message(row.position, row.type, row.content, _taken(row, calls)) for row in rows]
    is_counted = bool(run.input_tokens or run.output_tokens or run.cost)
    return RunnerReport(
        messages,
        list(calls.values()),
        left_out,
        {"input_tokens": run.input_tokens, "output_tokens": run.output_tokens},
        f"{run.cost.normalize():f}" if is_counted else None,
    )


def _repeats(row: AgentMessage, execution: Execution) -> bool:
    said = execution.input.get("message") if isinstance(execution.input, dict) else None
    return row.type == "HUMAN" and row.content.strip() == str(said or "").strip()


def _taken(row: AgentMessage, calls: dict[str, AgentToolCall]) -> tuple[AgentToolCall, ...]:
    """The calls that a message names, each shown with the first that does."""
    named: Iterable[Any] = row.tool_calls if isinstance(row.tool_calls, list) else ()
    keys = [str(each.get("id") if isinstance(each, dict) else each) for each in named]
    return tuple(calls.pop(key) for key in keys if key in calls)
