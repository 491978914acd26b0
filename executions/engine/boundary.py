"""The step boundary: what has gathered since the last commit goes into one move, guarded by the lease."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from executions import clock
from executions.engine import report
from executions.engine.journal import Journal
from executions.engine.lease import Held
from executions.engine.store import Store
from executions.errors import Fenced
from executions.models.move import Applied, Lease, Move
from executions.models.moves import apply
from executions.models.transactions import atomic
from executions.records import AttemptRecord, EventRecord
from executions.states import Phase, StepStatus


class CancelAsked(Exception):
    """Somebody asked to cancel; honoured at the boundary."""


class PauseAsked(Exception):
    """Somebody asked to pause; honoured at the boundary."""


class Boundary:
    """Gathers columns, attempts and events beside the journal's pending steps, and commits them."""

    def __init__(self, held: Held, journal: Journal, process_id: uuid.UUID, store: Store) -> None:
        self._execution = held.execution
        self._journal = journal
        self._process_id = process_id
        self._store = store
        self._token = held.token
        self._inbox = held.inbox
        # The last that was seen committed; who rolls a joined transaction back puts it back as well.
        self.head_seq = held.execution.head_seq
        self._chained = journal.head_digest
        self.cancel_asked = held.cancel_asked
        self.pause_asked = held.pause_asked
        self.columns: dict[str, Any] = {}
        self.attempts: list[AttemptRecord] = []
        self.events: list[EventRecord] = []
        # Written in the same transaction as the move that comes next.
        self.also: Callable[[], None] | None = None
        self.progress: Callable[[], tuple[int, int]] = lambda: (0, 0)
        if held.first_time:
            assert held.execution.started_at is not None
            self.events.append(report.plain(report.STARTED, held.execution, held.execution.started_at))

    def commit(self, *, here: bool = False) -> None:
        """Write what has gathered and stay the driver. Raises Fenced, :class:`CancelAsked`, :class:`PauseAsked`.

        ``here`` joins the transaction that the calling thread holds.
        """
        self._write(self._move(Lease(self._token)), here=here)
        if self.cancel_asked:
            raise CancelAsked
        if self.pause_asked:
            raise PauseAsked

    def park(self, until: datetime | None, waiting_for: str) -> None:
        """Let go until ``until`` or until something arrives. What arrived meanwhile is looked at first."""
        while True:
            move = self._move(Lease(self._token, self._inbox), keep=True)
            move.to = Phase.WAITING
            move.columns |= {"wake_at": until, "waiting_for": waiting_for, "process_id": None}
            if self._write(move, may_miss=True):
                self._taken()
                return
            self.commit()

    def release(self, to: Phase, columns: dict[str, Any], *, ring: str | None = None) -> None:
        """Write what has gathered with the phase that ends this drive."""
        move = self._move(Lease(self._token))
        move.to, move.ring = to, ring
        move.columns |= {"process_id": None, "wake_at": None, "waiting_for": "", **columns}
        self._write(move)

    def _move(self, guard: Lease, *, keep: bool = False) -> Move:
        """Everything gathered so far as a move; ``keep`` leaves it gathered, for a move that may miss."""
        done, total = self.progress()
        columns = {**self.columns, "progress_done": done, "progress_total": total}
        now = clock.now()
        steps = list(self._journal.pending.values())
        for step in steps:
            self._journal.write_down(step)
        if self._journal.head_digest != self._chained:
            columns["head_digest"] = self._journal.head_digest
            columns["last_checkpoint_at"] = now
            if self._execution.crashes is not None or self._execution.alone:
                # Progress: what crashed before is behind it, and others may be driven beside it again.
                columns = {"crashes": None, "alone": False, **columns}
            if any(step.status == StepStatus.FAILED for step in steps) and not any(
                step.status in (StepStatus.SUCCEEDED, StepStatus.SKIPPED) for step in steps
            ):
                del columns["last_checkpoint_at"]
        move = Move(
            self._execution.pk,
            guard,
            columns=columns,
            steps=steps,
            attempts=list(self.attempts),
            events=list(self.events),
            process_id=self._process_id,
            correlation_id=self._execution.correlation_id,
            owner_id=self._execution.owner_id,
            at=now,
            after_seq=self.head_seq,
        )
        if not keep:
            self._taken()
        return move

    def _taken(self) -> None:
        if self._journal.head_digest != self._chained:
            self._execution.crashes, self._execution.alone = None, False
        self._journal.take_pending()
        self._chained = self._journal.head_digest
        self.columns, self.attempts, self.events = {}, [], []

    def _write(self, move: Move, *, here: bool = False, may_miss: bool = False) -> bool:
        work = partial(apply, move) if self.also is None else partial(_apply_with, move, self.also)
        self.also = None
        applied = work() if here else self._store.call(work)
        if applied is None:
            if may_miss:
                return False
            raise Fenced
        for step in move.steps:
            # What was hashed is written; the values themselves are kept for the walk.
            step.texts = {}
        self._inbox, self.head_seq = applied.inbox, applied.head_seq
        self.cancel_asked, self.pause_asked = applied.cancel_asked, applied.pause_asked
        if "last_checkpoint_at" in move.columns:
            self._execution.last_checkpoint_at = move.columns["last_checkpoint_at"]
        return True


def _apply_with(move: Move, also: Callable[[], None]) -> Applied | None:
    with atomic():
        applied = apply(move)
        if applied is not None:
            also()
    return applied
