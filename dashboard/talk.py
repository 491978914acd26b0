"""The page of a conversation: who said what, the tools between, and what is asked."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import User

from dashboard import answering
from dashboard.answering import Question
from dashboard.queries import approvals, talks
from dashboard.queries.talks import Branches, Said
from executions.agents import reading
from executions.agents.reading import Called, TurnRead
from executions.driving import approved as approvals_of
from executions.driving.lease import load_records
from executions.models import AgentRun, Execution

MOST_TURNS = 200


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call with what it asks, and the run that it started."""

    called: Called
    question: Question | None = None
    child: Execution | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn with its calls."""

    read: TurnRead
    calls: tuple[Call, ...] = ()

    @property
    def is_streamed(self) -> bool:
        """Whether its answer comes now, or is waited for."""
        return self.read.is_open


@dataclass(frozen=True, slots=True)
class Part:
    """The words of one run: a message, and the turns after it."""

    said: Said
    turns: list[Turn]
    is_here: bool
    branches: Branches | None = None

    @property
    def mark(self) -> str:
        """The beginning of the ids of its elements: a link to a turn of this run has none."""
        return "" if self.is_here else f"{self.said.id}-"


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation up to one run. ``questions`` are those that belong to no call, ``approved``
    the tools that need no approval any more; ``todos`` are pairs of a text and how far it is.
    """

    parts: list[Part]
    questions: list[Question]
    approved: list[str]
    usage: dict[str, int]
    cost: str | None
    newer: list[str]
    earlier: str = ""
    left_out: int = 0
    todos: list[tuple[str, str]] = field(default_factory=list)


def talk_of(execution: Execution, reader: User) -> Talk:
    """The conversation up to this run, as this reader sees it."""
    thread = talks.thread(execution)
    asked = [answering.question(ask) for ask in approvals.of_run(reader, execution)]
    by_path = {question.ask.step.path: question for question in asked}
    parts, all_turns, taken, approved = [], [], set[str](), list[str]()
    for said, up_to in thread.way:
        is_here = said.key == execution.pk
        records = load_records(said.key)
        turns = reading.turns_of(records)
        turns = turns if up_to is None else turns[:up_to]
        all_turns += turns
        children = _children([call.child for turn in turns for call in turn.calls])
        shown = [_turn(turn, by_path if is_here else {}, children) for turn in turns[-MOST_TURNS:]]
        parts.append(Part(said, shown, is_here, thread.branches.get(said.id)))
        if is_here:
            taken = {key for turn in shown for call in turn.calls for key in _keys(call)}
            approved = approvals_of.standing(execution, records)
    here = parts[-1].turns
    return Talk(
        parts,
        [question for question in asked if question.key not in taken],
        approved,
        reading.usage_of(all_turns),
        reading.cost_of(all_turns),
        thread.newer,
        parts[0].said.id if thread.has_earlier else "",
        max(0, len(all_turns) - sum(len(part.turns) for part in parts)) if here else 0,
        _todos(execution),
    )


def _turn(
    turn: TurnRead, questions: Mapping[str, Question], children: Mapping[uuid.UUID, Execution]
) -> Turn:
    return Turn(
        turn,
        tuple(
            Call(
                called,
                questions.get(called.asks_at) or questions.get(called.path),
                children.get(called.child) if called.child else None,
            )
            for called in turn.calls
        ),
    )


def _keys(call: Call) -> Sequence[str]:
    return [call.question.key] if call.question else []


def _children(keys: Sequence[uuid.UUID | None]) -> dict[uuid.UUID, Execution]:
    wanted = [key for key in keys if key is not None]
    rows = Execution.objects.filter(pk__in=wanted).only("id", "kind", "name", "phase")
    return {row.pk: row for row in rows} if wanted else {}


def _todos(execution: Execution) -> list[tuple[str, str]]:
    run = AgentRun.objects.filter(execution=execution).first()
    entries = run.todos.values() if run is not None and isinstance(run.todos, dict) else ()
    each = [todo for todo in entries if isinstance(todo, dict)]
    return [(str(todo.get("content") or ""), str(todo.get("status") or "")) for todo in each]
