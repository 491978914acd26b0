"""Phases of an execution, statuses of a step, and the moves that are legal between phases.

The drawing is in docs/state-machine.md; a test holds the two together. Nothing here knows Django,
and nothing but ``models.moves.apply`` writes a phase.
"""

from __future__ import annotations

from enum import StrEnum


class Phase(StrEnum):
    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    WAITING = "WAITING"
    PAUSED = "PAUSED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    TERMINATED = "TERMINATED"


class StepStatus(StrEnum):
    RUNNING = "RUNNING"
    RETRYING = "RETRYING"
    WAITING = "WAITING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    CANCELLED = "CANCELLED"


ACTIVE_PHASES = frozenset({Phase.PENDING, Phase.IN_PROGRESS, Phase.WAITING, Phase.PAUSED})
ENDED_PHASES = frozenset({Phase.COMPLETED, Phase.FAILED, Phase.CANCELLED, Phase.TERMINATED})
FINISHED_STATUSES = frozenset({StepStatus.SUCCEEDED, StepStatus.SKIPPED, StepStatus.FAILED})
OPEN_STATUSES = frozenset({StepStatus.RUNNING, StepStatus.RETRYING, StepStatus.WAITING})

MOVES: dict[Phase, frozenset[Phase]] = {
    Phase.PENDING: frozenset({Phase.IN_PROGRESS, Phase.PAUSED, Phase.FAILED, Phase.CANCELLED, Phase.TERMINATED}),
    Phase.IN_PROGRESS: frozenset({Phase.IN_PROGRESS, Phase.WAITING, Phase.PAUSED, Phase.PENDING}) | ENDED_PHASES,
    Phase.WAITING: frozenset(
        {Phase.IN_PROGRESS, Phase.PENDING, Phase.PAUSED, Phase.FAILED, Phase.CANCELLED, Phase.TERMINATED}
    ),
    Phase.PAUSED: frozenset({Phase.PENDING, Phase.CANCELLED, Phase.TERMINATED}),
    Phase.FAILED: frozenset({Phase.PENDING, Phase.CANCELLED}),
    Phase.CANCELLED: frozenset({Phase.PENDING}),
    Phase.COMPLETED: frozenset(),
    Phase.TERMINATED: frozenset(),
}


def may_move(current: Phase, to: Phase) -> bool:
    """Whether an execution in ``current`` may ever go to ``to``."""
    return to in MOVES[current]
