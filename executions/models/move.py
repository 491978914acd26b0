"""A move: its guard, its changes, and the row afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from executions import clock, worker_identity
from executions.journal.records import JOURNAL_FORMAT, AttemptRecord, EventRecord, StepRecord
from executions.states import UNDER_WAY, Phase


@dataclass(frozen=True, slots=True)
class Lease:
    """The guard of a driver: it holds the execution with this token, and saw this inbox when it
    parks.
    """

    token: int
    inbox: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """The guard of everybody else: the execution stands in one of these phases, at this seq if one
    is named.
    """

    phases: frozenset[Phase]
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """The guard of a worker that takes an execution: due, or left behind by a process that is dead.

    ``process_id`` is who takes it, and must not have been declared dead itself. ``alone`` is the
    guard of a process that drives nothing else: it takes only what has to be driven so.
    ``journal_format`` is the highest that this process knows: what a newer Stigmer began is left to
    a newer Stigmer. ``host`` is where this process is: what has its workspace on another one is
    left to that. ``untouched`` takes only what nobody has taken before and what has no journal.
    """

    process_id: uuid.UUID
    alone: bool = False
    journal_format: int = JOURNAL_FORMAT
    host: str = field(default_factory=lambda: worker_identity.host())
    untouched: bool = False
    phases: frozenset[Phase] = UNDER_WAY


Guard = Lease | Standing | Claim


@dataclass(slots=True)
class Move:
    """The changes, and the guard that has to hold for them; :meth:`to` names the phase.

    ``copies`` keeps in one column what another held before.

    ``after_seq`` is the last ``head_seq`` that a driver saw; with it a move ``in_doubt``, whose
    COMMIT broke off, is found again if it was carried out.
    """

    execution_id: uuid.UUID
    guard: Guard
    phase: Phase | None = None
    columns: dict[str, Any] = field(default_factory=dict)
    if_null: dict[str, Any] = field(default_factory=dict)
    increments: tuple[str, ...] = ()
    copies: dict[str, str] = field(default_factory=dict)
    supersede: tuple[Sequence[uuid.UUID], uuid.UUID] | None = None
    reinstate: Sequence[uuid.UUID] = ()
    steps: list[StepRecord] = field(default_factory=list)
    attempts: list[AttemptRecord] = field(default_factory=list)
    events: list[EventRecord] = field(default_factory=list)
    process_id: uuid.UUID | None = None
    correlation_id: str = ""
    owner_id: int | None = None
    ring: str | None = None
    at: datetime = field(default_factory=lambda: clock.now())
    after_seq: int | None = None
    in_doubt: bool = False

    def to(self, phase: Phase, **columns: Any) -> Self:
        """Into this phase: with what its row sets and resets, and with ``columns`` beside or in
        place of that.
        """
        self.phase = phase
        self.columns = {**self.columns, **phase.entering(self.at), **columns}
        return self

    def seqs_needed(self) -> int:
        """One for each step and event that the move writes, so that each has a place of its own in
        the history.
        """
        return max(1, len(self.steps) + len(self.events))


@dataclass(frozen=True, slots=True)
class Woken:
    """The run that waited for the end of another one: a child has the queue and the owner of its
    parent.
    """

    execution_id: uuid.UUID
    queue: str
    owner_id: int


@dataclass(frozen=True, slots=True)
class Applied:
    """The row right after the move, and the run that it woke.

    ``is_quarantined`` (of a claim): its version is driven by processes of its own.
    """

    head_seq: int
    inbox: int
    token: int
    cancel_asked: bool
    pause_asked: bool
    woken: Woken | None = None
    is_quarantined: bool = False
