"""Phases of an execution and statuses of a step: one row each, from which every door derives.

A row says how a state is shown, whether it is active or ended, where it may lead, and which columns
entering it sets and resets. The drawing is in docs/state-machine.md; a test holds the two together.
Nothing here knows Django, and nothing but ``models.moves.apply`` writes a phase.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum, auto
from typing import Any


class Tone(StrEnum):
    """How a state or an event is taken: pages and the command colour by it."""

    IDLE = "idle"
    BUSY = "busy"
    WAIT = "wait"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Look:
    """A state as it is shown.

    ``icon`` is a symbol of static/img/icons.svg, ``tone`` a class of components.css. ``colour`` and
    ``mark`` are the command's; a status without a mark has no line of its own in the history.
    """

    word: str
    icon: str
    tone: Tone
    colour: str = ""
    mark: str = ""


class Moment(Enum):
    """Stands in a row for the moment of the move."""

    NOW = auto()


@dataclass(frozen=True, slots=True)
class PhaseRow:
    """All that is known of a phase.

    ``moves`` names the phases that may follow. ``entering`` are the columns that the phase sets and
    resets. ``held_by`` are the columns of which one at least has to say who or what moves the run
    on, and ``constraint`` is the name of the database's check of that. ``is_stopped``: nothing more
    is wanted of what still runs, and steps that are open are closed. ``override`` says what an
    administrator's override into it means (empty: only a worker can know it), ``way_back`` which
    verb leads out of it to PENDING.
    """

    look: Look
    moves: str
    entering: Mapping[str, Any]
    is_active: bool = True
    is_stopped: bool = False
    held_by: tuple[str, ...] = ()
    constraint: str = ""
    override: str = ""
    way_back: str = ""


_FREE: Mapping[str, Any] = {
    "process_id": None,
    "wake_at": None,
    "waiting_for": "",
    "kept_by": None,
}
_ENDED = {**_FREE, "cancel_asked_at": None, "pause_asked_at": None, "ended_at": Moment.NOW}
# A person's decision takes this back of how a run ended, beside what PENDING itself sets.
BEGUN_ANEW: Mapping[str, Any] = {
    "error": None,
    "failed_at": None,
    "failure_reason": "",
    "cause": "",
    "ended_at": None,
    "requires_manual_intervention": False,
    "crashes": None,
}


# The enums have no docstrings: the API's document would show them.
class Phase(StrEnum):
    row: PhaseRow

    def __new__(cls, name: str, *row: Any) -> Phase:
        member = str.__new__(cls, name)
        member._value_ = name
        (member.row,) = row
        return member

    def entering(self, at: datetime) -> dict[str, Any]:
        """The columns that entering it at this moment sets and resets."""
        columns = self.row.entering.items()
        return {name: at if value is Moment.NOW else value for name, value in columns}

    PENDING = (
        "PENDING",
        PhaseRow(
            Look("Pending", "pending", Tone.IDLE, "dim"),
            moves="IN_PROGRESS PAUSED FAILED CANCELLED TERMINATED",
            entering={**_FREE, "wake_at": Moment.NOW, "rung_at": None},
            held_by=("wake_at",),
            constraint="execution_pending_is_due",
            override="Its driver is shut out, and a worker takes it up again.",
        ),
    )
    IN_PROGRESS = (
        "IN_PROGRESS",
        PhaseRow(
            Look("Running", "running", Tone.BUSY, "cyan"),
            moves="IN_PROGRESS WAITING PAUSED PENDING COMPLETED FAILED CANCELLED TERMINATED",
            entering={"wake_at": None, "waiting_for": "", "rung_at": None, "kept_by": None},
            held_by=("process_id", "runner"),
            constraint="execution_driven_by_a_process",
        ),
    )
    WAITING = (
        "WAITING",
        PhaseRow(
            Look("Waiting", "clock", Tone.WAIT, "yellow"),
            moves="IN_PROGRESS PENDING PAUSED FAILED CANCELLED TERMINATED",
            entering=_FREE,
            held_by=("wake_at", "waiting_for"),
            constraint="execution_waits_for_something",
        ),
    )
    PAUSED = (
        "PAUSED",
        PhaseRow(
            Look("Paused", "pause", Tone.WARN, "yellow"),
            moves="PENDING CANCELLED TERMINATED",
            entering={**_FREE, "pause_asked_at": None},
            override="Nothing further runs until someone resumes it.",
            way_back="Resume it.",
        ),
    )
    COMPLETED = (
        "COMPLETED",
        PhaseRow(
            Look("Completed", "check", Tone.GOOD, "green"),
            moves="",
            entering={**_ENDED, "current_step": "", "requires_manual_intervention": False},
            is_active=False,
        ),
    )
    FAILED = (
        "FAILED",
        PhaseRow(
            Look("Failed", "alert", Tone.BAD, "bold red"),
            moves="PENDING CANCELLED",
            entering={**_ENDED, "failed_at": Moment.NOW},
            is_active=False,
            override=(
                "It is declared failed and marked for a person; it can be retried or recovered."
            ),
            way_back="Retry, skip or recover it.",
        ),
    )
    CANCELLED = (
        "CANCELLED",
        PhaseRow(
            Look("Cancelled", "cancel", Tone.IDLE, "magenta"),
            moves="PENDING",
            entering=_ENDED,
            is_active=False,
            is_stopped=True,
            override="It ends and needs nobody any more; only a restore leads back.",
            way_back="Restore it to a checkpoint.",
        ),
    )
    TERMINATED = (
        "TERMINATED",
        PhaseRow(
            Look("Terminated", "stop", Tone.IDLE, "magenta"),
            moves="",
            entering=_ENDED,
            is_active=False,
            is_stopped=True,
            override="It ends for good, whatever runs; nothing leads back.",
        ),
    )


class WaitingFor(StrEnum):
    """The thing that a run, or a step of it, waits for beside a moment."""

    NOTHING = ""
    TIMER = "timer"
    BACK_OFF = "back-off"
    DECISION = "decision"
    FUNCTION_PROCESS = "function process"
    ANSWER = "an answer"
    CHILD = "another run"
    BUDGET = "the budget of the day"
    EVENT = "an event"
    # Of an external runner.
    APPROVAL = "approval"
    RUNNER = "its runner"

    @staticmethod
    def joined(kinds: Iterable[str]) -> str:
        """The kinds for a run whose branches wait for several things at once."""
        return ", ".join(kinds)

    @staticmethod
    def apart(waiting_for: str) -> list[str]:
        """The kinds of which ``waiting_for`` is made; none where it waits for nothing."""
        return waiting_for.split(", ") if waiting_for else []


class Runner(StrEnum):
    """The drivers of a run: workers of ours, or somebody outside who reports."""

    OURS = "ours"
    EXTERNAL = "external"


class Stand(Enum):
    """The meaning of a status to the walk: still open, answered from the journal, failed, or closed
    without an answer.
    """

    OPEN = auto()
    PASSED = auto()
    FAILED = auto()
    CLOSED = auto()


class StepStatus(StrEnum):
    look: Look
    stand: Stand

    def __new__(cls, name: str, *row: Any) -> StepStatus:
        member = str.__new__(cls, name)
        member._value_ = name
        member.stand, member.look = row
        return member

    RUNNING = "RUNNING", Stand.OPEN, Look("Running", "running", Tone.BUSY, "cyan")
    RETRYING = "RETRYING", Stand.OPEN, Look("Retrying", "retry", Tone.WARN, "yellow")
    WAITING = "WAITING", Stand.OPEN, Look("Waiting", "clock", Tone.WAIT, "yellow", "…")
    SUCCEEDED = "SUCCEEDED", Stand.PASSED, Look("Succeeded", "check", Tone.GOOD, "green", "✓")
    FAILED = "FAILED", Stand.FAILED, Look("Failed", "cross", Tone.BAD, "bold red", "✗")
    SKIPPED = "SKIPPED", Stand.PASSED, Look("Skipped", "skip", Tone.IDLE, "blue", "»")
    CANCELLED = "CANCELLED", Stand.CLOSED, Look("Cancelled", "cancel", Tone.IDLE, "magenta", "■")


ACTIVE_PHASES = frozenset(phase for phase in Phase if phase.row.is_active)
ENDED_PHASES = frozenset(Phase) - ACTIVE_PHASES
STOPPED_PHASES = frozenset(phase for phase in Phase if phase.row.is_stopped)
# Somebody drives it, or will.
UNDER_WAY = ACTIVE_PHASES - {Phase.PAUSED}
OPEN_STATUSES = frozenset(status for status in StepStatus if status.stand is Stand.OPEN)
# One can go on from these, and back to them.
PASSED_STATUSES = frozenset(status for status in StepStatus if status.stand is Stand.PASSED)
FINISHED_STATUSES = PASSED_STATUSES | {StepStatus.FAILED}
MOVES: dict[Phase, frozenset[Phase]] = {
    phase: frozenset(Phase[name] for name in phase.row.moves.split()) for phase in Phase
}
# By name, for what another version may have written.
LOOK_OF_PHASE: Mapping[str, Look] = {phase: phase.row.look for phase in Phase}
LOOK_OF_STATUS: Mapping[str, Look] = {status: status.look for status in StepStatus}


def may_move(current: Phase, to: Phase) -> bool:
    """Whether an execution in ``current`` may ever go to ``to``."""
    return to in MOVES[current]
