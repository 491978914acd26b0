"""One move: the only place where an execution's phase, its Steps, Attempts and Events are written.

A move is one conditional UPDATE of the execution row and, only if that hit, everything that belongs to it, in one
transaction. Zero rows mean that somebody else moved first; nothing is written then. The counter ``head_seq`` is raised
by each move and numbers what the move wrote: finished steps first, then events, without a gap.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from executions import dispatch, events
from executions.models import move_sql
from executions.records import AttemptRecord, EventRecord, StepRecord
from executions.states import MOVES, Phase


@dataclass(frozen=True, slots=True)
class Lease:
    """The guard of a driver: it holds the execution with this token, and saw this inbox when it parks."""

    token: int
    inbox: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """The guard of everybody else: the execution stands in one of these phases, at this seq if one is named."""

    phases: frozenset[Phase]
    seq: int | None = None


@dataclass(slots=True)
class Move:
    """What shall change, and what has to hold for it."""

    execution_id: uuid.UUID
    guard: Lease | Standing
    to: Phase | None = None
    columns: dict[str, Any] = field(default_factory=dict)
    increments: tuple[str, ...] = ()
    supersede: tuple[Sequence[uuid.UUID], uuid.UUID] | None = None
    steps: list[StepRecord] = field(default_factory=list)
    attempts: list[AttemptRecord] = field(default_factory=list)
    events: list[EventRecord] = field(default_factory=list)
    process_id: uuid.UUID | None = None
    correlation_id: str = ""
    owner_id: int | None = None
    ring: str | None = None
    at: datetime = field(default_factory=timezone.now)

    def seqs_needed(self) -> int:
        finishing = sum(step.finished_at is not None for step in self.steps)
        return max(1, finishing + len(self.events))


@dataclass(frozen=True, slots=True)
class Applied:
    """What the row said right after the move."""

    head_seq: int
    inbox: int
    token: int
    cancel_asked: bool
    pause_asked: bool


def apply(move: Move) -> Applied | None:
    """Carry out one move. None: its guard did not hold, and nothing was written."""
    _check_is_legal(move)
    if connection.vendor == "postgresql" and not (move.supersede or any(e.notify_owner for e in move.events)):
        applied = move_sql.in_one_statement(move)
    else:
        with transaction.atomic():
            applied = move_sql.in_sequence(move)
    if applied is None:
        return None
    _after_commit(move, applied)
    return applied


def _check_is_legal(move: Move) -> None:
    if move.to is None:
        return
    origins = move.guard.phases if isinstance(move.guard, Standing) else {Phase.IN_PROGRESS}
    illegal = [phase for phase in origins if move.to not in MOVES[phase]]
    if illegal:
        raise AssertionError(f"No execution may go from {illegal[0]} to {move.to} (executions.states.MOVES).")


def _after_commit(move: Move, applied: Applied) -> None:
    announce = partial(events.announce, move.execution_id, applied.head_seq, move.owner_id)
    transaction.on_commit(announce, robust=True)
    if move.ring is not None:
        transaction.on_commit(partial(dispatch.ring, move.execution_id, move.ring), robust=True)
