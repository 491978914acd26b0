"""A run as people read it: its turns with their tool calls, from the steps of its journal.

Page, API and command read it here. What is not finished yet is part of it too.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from executions.agents.calling import made_with, result_text
from executions.agents.paths import approval_path, call_path, turn_path
from executions.agents.program import CALL
from executions.agents.tools import cleaned
from executions.journal.decided import Child
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


@dataclass(frozen=True, slots=True)
class TurnRead:
    """One turn: what the model said and which tools it called."""

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

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES


def turns_of(records: Iterable[StepRecord]) -> list[TurnRead]:
    """The turns of a run, in order."""
    by_path = {record.path: record for record in records}
    found, number = [], 1
    while (record := by_path.get(turn_path(number))) is not None:
        found.append(_turn(number, record, by_path))
        number += 1
    return found


def usage_of(turns: Iterable[TurnRead]) -> dict[str, int]:
    """The tokens of all turns together."""
    return added([turn.usage for turn in turns])


def cost_of(turns: Iterable[TurnRead]) -> str | None:
    """What the turns cost; None where of one it is not known."""
    costs = [turn.cost for turn in turns if turn.usage]
    if any(cost is None for cost in costs):
        return None
    return f"{sum((Decimal(str(cost)) for cost in costs), Decimal(0)).normalize():f}"


def _turn(number: int, record: StepRecord, by_path: dict[str, StepRecord]) -> TurnRead:
    message = record.output if record.status == StepStatus.SUCCEEDED else None
    message = message if isinstance(message, dict) else {}
    given = record.arguments if isinstance(record.arguments, dict) else {}
    usage = message.get("usage") or {}
    return TurnRead(
        number,
        record.path,
        str(record.status),
        str(message.get("model") or given.get("model") or ""),
        text_of(message),
        thinking_of(message),
        _error(record),
        {name: int(usage.get(name) or 0) for name in USAGE} if usage else {},
        message.get("cost"),
        record.started_at,
        record.finished_at,
        tuple(
            _called(number, place, call, by_path)
            for place, call in enumerate(calls_of(message), start=1)
        ),
    )


def _called(turn: int, place: int, call: dict[str, Any], by_path: dict[str, StepRecord]) -> Called:
    path = call_path(turn, place)
    name, written = cleaned(call["name"]), call["arguments"]
    record, approval = by_path.get(path), by_path.get(approval_path(turn, place))
    waits = approval is not None and not approval.is_finished()
    if record is None:
        asks_at = approval_path(turn, place)
        return Called(call["id"], name, path, written, waits=waits, asks_at=asks_at)
    made = made_with(record, written)
    is_done = record.is_finished() and record.output is not None
    return Called(
        call["id"],
        name,
        path,
        made,
        written if made != written else None,
        str(record.status),
        record.output,
        result_text(record, written) if is_done else "",
        _error(record),
        waits,
        str(record.control.get("edited_by") or ""),
        record.started_at,
        record.finished_at,
        approval_path(turn, place),
        _effect(record),
        Child.of(record).child,
    )


def _effect(record: StepRecord) -> str:
    """Of a call that another run carries out, that run says it."""
    given = record.arguments if isinstance(record.arguments, dict) else {}
    return str(CALL.effect(given)) if "function" in given or "server" in given else ""


def _error(record: StepRecord) -> str:
    said = record.error if isinstance(record.error, dict) else {}
    return str(said.get("detail") or said.get("title") or "")
