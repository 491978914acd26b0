"""The phases and their moves, as drawn and as written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from executions.models import Execution
from executions.models.move import Lease, Move, Standing
from executions.models.moves import apply
from executions.states import (
    ACTIVE_PHASES,
    ENDED_PHASES,
    FINISHED_STATUSES,
    MOVES,
    OPEN_STATUSES,
    UNDER_WAY,
    Phase,
    StepStatus,
)
from executions.states import may_move as may

DRAWING = Path(__file__).parents[1] / "docs" / "state-machine.md"


def test_the_drawing_shows_exactly_the_moves_that_are_legal():
    drawn = set(re.findall(r"^\s+([A-Z_]+) --> ([A-Z_]+)$", DRAWING.read_text(), re.MULTILINE))
    assert drawn == {(str(origin), str(to)) for origin, ends in MOVES.items() for to in ends}


def test_every_phase_has_its_moves_and_is_active_or_ended():
    assert set(MOVES) == set(Phase)
    assert set(Phase) == ACTIVE_PHASES | ENDED_PHASES
    assert not ACTIVE_PHASES & ENDED_PHASES


def test_what_is_completed_or_terminated_stays_so():
    assert not any(
        may(origin, to) for origin in (Phase.COMPLETED, Phase.TERMINATED) for to in Phase
    )


def test_only_a_claim_leads_into_progress():
    assert {origin for origin in Phase if may(origin, Phase.IN_PROGRESS)} == {
        Phase.PENDING,
        Phase.WAITING,
        Phase.IN_PROGRESS,
    }


def test_a_step_is_finished_open_or_cancelled():
    assert set(StepStatus) == FINISHED_STATUSES | OPEN_STATUSES | {StepStatus.CANCELLED}


@pytest.mark.parametrize("origin", Phase)
@pytest.mark.parametrize("to", Phase)
def test_a_move_that_is_not_drawn_is_refused_before_the_database_is_asked(origin, to):
    from executions.ids import uuid7

    if may(origin, to):
        return
    guards = [Standing(frozenset({origin}))] + ([Lease(1)] if origin == Phase.IN_PROGRESS else [])
    for guard in guards:
        with pytest.raises(AssertionError, match=f"from {origin} to {to}"):
            apply(Move(uuid7(), guard).to(to))


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def table(heading: str) -> list[list[str]]:
    """The rows of the table under a heading, without its head."""
    text = DRAWING.read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    return [cells(line) for line in text.splitlines() if line.startswith("|")][2:]


def test_the_docs_say_of_each_phase_what_entering_it_sets_and_resets():
    told = []
    for phase in Phase:
        entering = phase.row.entering
        resets = {
            name
            for name, value in entering.items()
            if value is None or value == "" or value is False
        }
        sets = [name for name in entering if name not in resets]
        stands = "active" if phase.row.is_active else "ended"
        names = [", ".join(sorted(names)) or "–" for names in (sets, resets)]
        told.append(
            [phase.value, phase.row.look.word, stands, *names, ", ".join(phase.row.held_by) or "–"]
        )
    assert table("What entering a phase does") == told


def test_the_docs_say_of_each_status_what_it_means():
    told = [[status.value, status.look.word, status.stand.name.lower()] for status in StepStatus]
    assert table("Statuses of a step") == told


def test_entering_a_phase_writes_only_columns_of_the_execution():
    columns = {field.attname for field in Execution._meta.concrete_fields}
    assert all(
        set(phase.row.entering) <= columns and set(phase.row.held_by) <= columns for phase in Phase
    )


def test_a_constraint_of_the_database_holds_each_phase_that_names_one():
    names = {constraint.name for constraint in Execution._meta.constraints}
    assert {phase.row.constraint for phase in Phase if phase.row.held_by} <= names
    assert {phase for phase in Phase if phase.row.held_by} == UNDER_WAY
