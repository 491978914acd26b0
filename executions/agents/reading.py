"""A run as people read it: its turns with their tool calls, from the steps of its journal.

Page, API and command read it here. Steps that are not finished yet are part of it too.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from executions.agents import stored, todos
from executions.agents.calling import made_with, result_text
from executions.agents.limits import spent_below
from executions.agents.paths import (
    approval_path,
    call_path,
    compaction_path,
    said_path,
    turn_path,
)
from executions.agents.program import CALL
from executions.agents.tools import cleaned
from executions.ids import public_id
from executions.journal.decided import Child, ToolCall
from executions.journal.records import StepRecord
from executions.mind.messages import USAGE, added, calls_of, text_of, thinking_of
from executions.states import OPEN_STATUSES, StepStatus


@dataclass(frozen=True, slots=True)
class Called:
    """One tool call. ``arguments`` are those that it was made with, ``asked`` those that the model
    wrote where a person changed them; ``status`` is empty while it has not begun. ``effect`` is
    what the call does to the world, ``child`` the run that it started; ``asks_at`` is the step that
    asks whether it may be made.
    """

    id: str
    name: str
    path: str
    arguments: Any
    asked: Any = None
    status: str = ""
    result: Any = None
    text: str = ""
    error: str = ""
    waits: bool = False
    edited_by: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    asks_at: str = ""
    effect: str = ""
    child: uuid.UUID | None = None
    # The agent that work was handed to.
    agent: str = ""
    # The use of the agents to whom work was handed, also by way of a workflow.
    usage: dict[str, int] = field(default_factory=dict)
    cost: str | None = None

    @property
    def stored(self) -> dict[str, Any] | None:
        """The place of a result that is too large for its step."""
        return stored.kept(self.result)


@dataclass(frozen=True, slots=True)
class Shortened:
    """The summary before a turn: of all but the last ``keeps`` messages."""

    path: str
    text: str
    keeps: int
    usage: dict[str, int]
    cost: str | None


@dataclass(frozen=True, slots=True)
class TurnRead:
    """One turn: what the model said and which tools it called. ``short`` is what it saw in the
    place of older messages.
    """

    number: int
    path: str
    status: str
    model: str
    text: str = ""
    thinking: str = ""
    error: str = ""
    usage: dict[str, int] = field(default_factory=dict)
    cost: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    calls: tuple[Called, ...] = ()
    short: Shortened | None = None
    # The messages that came while the run worked, taken before this turn: their author and text.
    said: tuple[tuple[str, str], ...] = ()

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES


def turns_of(records: Iterable[StepRecord]) -> list[TurnRead]:
    """The turns of a run, in order."""
    by_path = {record.path: record for record in records}
    turns, number = [], 1
    while (record := by_path.get(turn_path(number))) is not None:
        turns.append(_turn(number, record, by_path))
        number += 1
    return turns


def usage_of(turns: Iterable[TurnRead]) -> dict[str, int]:
    """The tokens of all turns together, and of the agents to whom they handed work."""
    return added([each.usage for each in _paid(turns)])


def cost_of(turns: Iterable[TurnRead]) -> str | None:
    """Their cost; None if that of one is not known."""
    costs = [each.cost for each in _paid(turns) if each.usage]
    if any(cost is None for cost in costs):
        return None
    return f"{sum((Decimal(str(cost)) for cost in costs), Decimal(0)).normalize():f}"


def todos_of(turns: Iterable[TurnRead]) -> dict[str, dict[str, str]]:
    """The list of what is to be done as its last call left it, numbered."""
    todo_list: list[dict[str, str]] = []
    for call in (call for turn in turns for call in turn.calls if call.result is not None):
        items = todos.items_of(call.name, call.arguments)
        todo_list = todo_list if items is None else items
    return {
        str(number): {"content": each["text"], "status": each["status"].upper()}
        for number, each in enumerate(todo_list, start=1)
    }


def children_of(turns: Iterable[TurnRead]) -> list[dict[str, Any]]:
    """The runs of other agents that work was handed to."""
    return [
        {
            "id": public_id("aex", call.child),
            "name": call.agent,
            "path": call.path,
            "status": call.status,
        }
        for turn in turns
        for call in turn.calls
        if call.child is not None and call.agent
    ]


def _paid(turns: Iterable[TurnRead]) -> list[TurnRead | Shortened | Called]:
    paid: list[TurnRead | Shortened | Called] = []
    for turn in turns:
        paid += [turn] if turn.short is None else [turn.short, turn]
        paid += [call for call in turn.calls if call.usage]
    return paid


def _short(number: int, by_path: dict[str, StepRecord]) -> Shortened | None:
    record = by_path.get(compaction_path(number))
    if record is None or record.status != StepStatus.SUCCEEDED:
        return None
    message = record.output
    return Shortened(
        record.path,
        text_of(message),
        int(record.input["keeps"]),
        _usage(message),
        message.get("cost"),
    )


def _usage(message: Mapping[str, Any]) -> dict[str, int]:
    usage = message.get("usage") or {}
    return {name: int(usage.get(name) or 0) for name in USAGE} if usage else {}


def _turn(number: int, record: StepRecord, by_path: dict[str, StepRecord]) -> TurnRead:
    message = record.output if record.status == StepStatus.SUCCEEDED else None
    message = message if isinstance(message, dict) else {}
    arguments = record.arguments if isinstance(record.arguments, dict) else {}
    return TurnRead(
        number,
        record.path,
        str(record.status),
        str(message.get("model") or arguments.get("model") or ""),
        text_of(message),
        thinking_of(message),
        _error(record),
        _usage(message),
        message.get("cost"),
        record.started_at,
        record.finished_at,
        tuple(
            _called(number, place, call, by_path)
            for place, call in enumerate(calls_of(message), start=1)
        ),
        _short(number, by_path),
        _said(by_path.get(said_path(number))),
    )


def _said(record: StepRecord | None) -> tuple[tuple[str, str], ...]:
    if record is None or not isinstance(record.output, dict):
        return ()
    return tuple((str(each["by"]), str(each["text"])) for each in record.output["messages"])


def _called(turn: int, place: int, call: dict[str, Any], by_path: dict[str, StepRecord]) -> Called:
    path = call_path(turn, place)
    name, written = cleaned(call["name"]), call["arguments"]
    record, approval = by_path.get(path), by_path.get(approval_path(turn, place))
    waits = approval is not None and not approval.is_finished()
    if record is None:
        asks_at = approval_path(turn, place)
        return Called(call["id"], name, path, written, waits=waits, asks_at=asks_at)
    arguments, spent = made_with(record, written), spent_below(record) or {}
    is_done = record.is_finished() and record.output is not None
    return Called(
        call["id"],
        name,
        path,
        arguments,
        written if arguments != written else None,
        str(record.status),
        record.output,
        result_text(record, written) if is_done else "",
        _error(record),
        waits,
        ToolCall.of(record).edited_by or "",
        record.started_at,
        record.finished_at,
        approval_path(turn, place),
        _effect(record),
        Child.of(record).child,
        _agent(record),
        _usage(spent),
        spent.get("cost"),
    )


def _effect(record: StepRecord) -> str:
    """Of a call that another run carries out, that run says it."""
    arguments = record.arguments if isinstance(record.arguments, dict) else {}
    return str(CALL.effect(arguments)) if "function" in arguments or "server" in arguments else ""


def _agent(record: StepRecord) -> str:
    arguments = record.arguments if isinstance(record.arguments, dict) else {}
    return str(arguments.get("agent", "")) if record.kind == "run" else ""


def _error(record: StepRecord) -> str:
    error = record.error if isinstance(record.error, dict) else {}
    return str(error.get("detail") or error.get("title") or "")
