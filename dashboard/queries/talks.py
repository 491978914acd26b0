"""Conversations: the runs of a session as a tree, of which a page shows one way from the root.

A run names the run that it goes on from, and up to which turn of it (executions.intake.start). One
that goes on from nothing of a run itself (turn 0) stands beside that run: it is the same place in
the conversation, said otherwise.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from executions.ids import parse_public_id, public_id
from executions.models import Execution
from executions.states import Runner

MOST_RUNS = 500
MOST_BEFORE = 20
_COLUMNS = ("pk", "input", "phase")


@dataclass(frozen=True, slots=True)
class Said:
    """A run of a conversation: ``message`` is what it was told, ``before`` the public id of the run
    that it goes on from, up to the turn ``up_to``.
    """

    key: uuid.UUID
    message: str
    before: str
    up_to: int | None
    phase: str

    @property
    def id(self) -> str:
        return public_id("aex", self.key)


@dataclass(frozen=True, slots=True)
class Branches:
    """The same place said otherwise: ``at`` of ``of``, and where the others lead to."""

    at: int
    of: int
    earlier: str = ""
    later: str = ""


@dataclass(frozen=True, slots=True)
class Thread:
    """``way`` leads from the first run that is shown to the one that was asked for, each with how
    many of its turns count; ``has_earlier``: there are runs before them. ``newer`` are the public
    ids of the runs that go on from the last one.
    """

    way: list[tuple[Said, int | None]]
    branches: dict[str, Branches] = field(default_factory=dict)
    newer: list[str] = field(default_factory=list)
    has_earlier: bool = False


class _Tree:
    def __init__(self, execution: Execution) -> None:
        self._owner, self._agent = execution.owner_id, execution.agent_id
        rows = self._rows()
        if execution.session_id is not None:
            rows = rows.filter(session=execution.session_id)
        newest = rows.order_by("-id").values_list(*_COLUMNS)[:MOST_RUNS]
        self.runs = {said.id: said for said in map(_said, list(newest)[::-1])}
        if self.get(execution.public_id) is None:
            # A run that others drive stands alone.
            row = (execution.pk, execution.input, execution.phase)
            self.runs[execution.public_id] = _said(row)

    def _rows(self) -> Any:
        return Execution.objects.filter(
            owner=self._owner, agent=self._agent, kind="agent", runner=Runner.OURS
        )

    def get(self, id: str) -> Said | None:
        """The run of this id, which may stand in another session."""
        if id not in self.runs and (key := parse_public_id(id, "aex")) is not None:
            row = self._rows().filter(pk=key).values_list(*_COLUMNS).first()
            if row is not None:
                self.runs[id] = _said(row)
        return self.runs.get(id)

    def place(self, said: Said) -> tuple[str, int | None]:
        """After which turn of which run it stands. Of those that begin a conversation, which one
        was the first.
        """
        seen = {said.id}
        while said.before and said.up_to == 0 and said.before not in seen:
            beside = self.get(said.before)
            if beside is None:
                break
            seen.add(beside.id)
            said = beside
        return (said.before, said.up_to) if said.before else (said.id, 0)

    def before(self, said: Said) -> tuple[Said, int | None] | None:
        id, up_to = self.place(said)
        previous = None if up_to == 0 else self.get(id)
        return None if previous is None else (previous, up_to)

    def leaf(self, id: str, after: dict[str, list[str]]) -> str:
        """The newest run that goes on from this one."""
        seen = {id}
        while newer := [each for each in after.get(id, []) if each not in seen]:
            id = newer[-1]
            seen.add(id)
        return id


def thread(execution: Execution) -> Thread:
    """The conversation up to this run."""
    tree = _Tree(execution)
    here = tree.get(execution.public_id)
    assert here is not None
    way: list[tuple[Said, int | None]] = [(here, None)]
    while len(way) <= MOST_BEFORE and (before := tree.before(way[0][0])) is not None:
        way.insert(0, before)
    has_earlier = tree.before(way[0][0]) is not None
    places = {id: tree.place(said) for id, said in list(tree.runs.items())}
    after: dict[str, list[str]] = {}
    for id, (before_id, up_to) in places.items():
        if up_to != 0:
            after.setdefault(before_id, []).append(id)
    branches = {}
    for said, _ in way:
        beside = sorted(id for id, place in places.items() if place == places[said.id])
        if len(beside) > 1:
            at = beside.index(said.id)
            leaves = [tree.leaf(id, after) for id in beside]
            branches[said.id] = Branches(
                at + 1,
                len(beside),
                leaves[at - 1] if at else "",
                leaves[at + 1] if at + 1 < len(beside) else "",
            )
    return Thread(way, branches, sorted(after.get(here.id, [])), has_earlier)


def newer_than(execution: Execution) -> list[str]:
    """The runs that go on from this one."""
    return thread(execution).newer


def _said(row: Any) -> Said:
    key, input, phase = row
    fields = input if isinstance(input, dict) else {}
    up_to = fields.get("from_turn")
    return Said(
        key,
        str(fields.get("message", "")),
        str(fields.get("from_run") or ""),
        up_to if isinstance(up_to, int) else None,
        phase,
    )
