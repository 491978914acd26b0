"""The step boundary: what has gathered since the last commit goes into one move, guarded by the
lease.

The guard names the inbox too: a move before which somebody asked for something writes nothing, and
is made again once it is known what was asked. So what is asked while an effect runs stops the drive
at its outcome: what the walk went on with since then, pure tasks too, is not written, and is walked
again when the run goes on.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any

from executions import clock
from executions.calls.outcome import Done, Fail
from executions.driving import report
from executions.driving.lease import Held
from executions.driving.store import Store
from executions.errors import Fenced
from executions.journal.causes import cause_of
from executions.journal.events import EventName
from executions.journal.records import AttemptRecord, EventRecord, StepRecord
from executions.journal.replay import Journal
from executions.models import Execution
from executions.models.move import Applied, Lease, Move
from executions.models.moves import apply
from executions.models.transactions import atomic
from executions.states import PASSED_STATUSES, Phase, StepStatus, WaitingFor


class CancelAsked(Exception):
    """Somebody asked to cancel; honoured at the boundary."""


class PauseAsked(Exception):
    """Somebody asked to pause; honoured at the boundary."""


ASKED = (CancelAsked, PauseAsked)
# The shape of the reason that runs share in which a person has to say whether a step happened.
UNDECIDED = "nobody knows whether it happened"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state when an effect had come to its outcome, before the walk went on."""

    pending: dict[uuid.UUID, StepRecord]
    head_digest: str
    columns: dict[str, Any]
    progress: tuple[int, int]
    along: list[Callable[[], None]]


@dataclass(frozen=True, slots=True)
class Came:
    """How an attempt ended, until that is committed: its step, its operation's ``key``, and
    when.
    """

    step_id: uuid.UUID
    path: str
    name: str
    number: int
    key: str
    outcome: Done | Fail
    began: datetime
    at: datetime


class Boundary:
    """Gathers columns, attempts and events beside the journal's pending steps, and commits them."""

    def __init__(self, held: Held, journal: Journal, process_id: uuid.UUID, store: Store) -> None:
        self._execution = held.execution
        self._journal = journal
        self.process_id = process_id
        self._store = store
        self._token = held.token
        self._inbox = held.inbox
        # The last that was seen committed; who rolls a joined transaction back puts it back as
        # well.
        self.head_seq = held.execution.head_seq
        self._chained = journal.head_digest
        self.cancel_asked = held.cancel_asked
        self.pause_asked = held.pause_asked
        self.columns: dict[str, Any] = {}
        self.attempts: list[AttemptRecord] = []
        self.events: list[EventRecord] = []
        # Done in the transaction of the next move, as it belongs to what has gathered.
        self.along: list[Callable[[], None]] = []
        # Outcomes of attempts that the next move writes; they are kept elsewhere where it cannot.
        self.came: dict[uuid.UUID, Came] = {}
        self.progress: Callable[[], tuple[int, int]] = lambda: (0, 0)
        self._outcome: Outcome | None = None
        # Of what has gathered: what is done in its transaction, and what takes it back.
        self._with: list[Callable[[], None]] = []
        self._take_backs: list[Callable[[], None]] = []
        if held.first_time:
            assert held.execution.started_at is not None
            self.events.append(
                report.plain(EventName.STARTED, held.execution, held.execution.started_at)
            )

    @property
    def inbox(self) -> int:
        """The counter of what arrived, as last seen."""
        return self._inbox

    def has_gathered(self) -> bool:
        """Whether there is anything to write but columns."""
        return bool(
            self._journal.pending or self.attempts or self.events or self._with or self.along
        )

    def gather(
        self,
        also: Callable[[], None] | None = None,
        take_back: Callable[[], None] | None = None,
    ) -> None:
        """Do the one in the transaction of the next commit, the other where that begins nothing."""
        self._with += [] if also is None else [also]
        self._take_backs += [] if take_back is None else [take_back]

    def hear(self) -> None:
        """Look whether something was asked: raises it, once what has gathered is written."""
        self._look()

    def record(self) -> None:
        """Write what has gathered, whatever was asked. Raises Fenced."""
        if not self._written(self._move(Lease(self._token))):
            raise Fenced

    def hold_outcome(self) -> None:
        """An effect has come to its outcome and the walk goes on from here."""
        pending = {record.id: _as_it_is(record) for record in self._journal.pending.values()}
        head, columns = self._journal.head_digest, dict(self.columns)
        self._outcome = Outcome(pending, head, columns, self.progress(), list(self.along))

    def commit(
        self,
        *,
        here: bool = False,
        also: Callable[[], None] | None = None,
        take_back: Callable[[], None] | None = None,
    ) -> None:
        """Write what has gathered and stay the driver.

        ``here`` joins the transaction that the calling thread holds, and is rolled back with it
        where something was asked. ``also`` is done in the same transaction. ``take_back`` takes out
        of what has gathered what this commit was to begin. Raises Fenced, :class:`CancelAsked`,
        :class:`PauseAsked`.
        """
        while not self._written(self._move(self._watchful()), here=here, also=also):
            self._look(here=here, take_back=take_back)
        if not here:
            # A COMMIT was carried out unheard, and somebody asked before that was known.
            self._stop_if_asked(take_back=take_back)

    def park(
        self,
        until: datetime | None,
        waiting_for: str,
        *,
        keeps_walk: bool = False,
        also: Callable[[], None] | None = None,
        take_back: Callable[[], None] | None = None,
    ) -> None:
        """Let go until ``until`` or until something arrives.

        It raises what was asked meanwhile, as ``commit`` does.

        Others leave its timer for a moment to a process that ``keeps_walk``. ``also`` is done in
        the same transaction. ``take_back`` takes out of what has gathered what this was
        to begin.
        """
        columns: dict[str, Any] = {"wake_at": until, "waiting_for": waiting_for}
        if keeps_walk:
            columns["kept_by"] = self.process_id
        if WaitingFor.DECISION in WaitingFor.apart(waiting_for):
            execution, step = self._execution, self.columns.get("current_step")
            path = execution.current_step if step is None else step
            columns["cause"] = cause_of(execution.subject_id, path, UNDECIDED)
        self.release_unless_asked(Phase.WAITING, columns, also=also, take_back=take_back)

    def release_unless_asked(
        self,
        to: Phase,
        columns: Mapping[str, Any] = MappingProxyType({}),
        *,
        event: EventRecord | None = None,
        heeded: tuple[type[Exception], ...] = ASKED,
        also: Callable[[], None] | None = None,
        take_back: Callable[[], None] | None = None,
    ) -> None:
        """Write what has gathered with the phase that ends this drive, and the ``event`` of it.

        Raises as ``commit`` what was asked before, where ``heeded``: no event is written then.
        ``also`` is done in the same transaction.
        """
        while not self._written(self._leaving(to, columns, self._watchful(), event), also=also):
            self._look(heeded=heeded, take_back=take_back)

    def release(
        self, to: Phase, *, event: EventRecord | None = None, ring: str | None = None
    ) -> None:
        """Write what has gathered with the phase that ends this drive, whatever was asked."""
        move = self._leaving(to, {}, Lease(self._token), event)
        move.ring = ring
        if not self._written(move):
            raise Fenced

    def _watchful(self) -> Lease:
        return Lease(self._token, self._inbox)

    def _leaving(
        self, to: Phase, columns: Mapping[str, Any], guard: Lease, event: EventRecord | None
    ) -> Move:
        move = self._move(guard).to(to, **columns)
        move.events += [event] if event is not None else []
        return move

    def _look(
        self,
        *,
        here: bool = False,
        take_back: Callable[[], None] | None = None,
        heeded: tuple[type[Exception], ...] = ASKED,
    ) -> None:
        """Something arrived since the last commit: what it is.

        Raises Fenced where the lease is lost.
        """
        work = partial(_standing, self._execution.pk, self._token)
        standing = work() if here else self._store.call(work)
        if standing is None:
            raise Fenced
        self._inbox, self.cancel_asked, self.pause_asked = standing
        self._stop_if_asked(here=here, take_back=take_back, heeded=heeded)

    def _stop_if_asked(
        self,
        *,
        here: bool = False,
        take_back: Callable[[], None] | None = None,
        heeded: tuple[type[Exception], ...] = ASKED,
    ) -> None:
        """Write how far the drive has come, and raise what was asked."""
        asked = CancelAsked if self.cancel_asked else PauseAsked if self.pause_asked else None
        if asked is None or asked not in heeded:
            return
        for each in (*self._take_backs, *([] if take_back is None else [take_back])):
            each()
        self._take_backs, self._with = [], []
        if self._outcome is not None:
            self._go_back(self._outcome)
        if not here and not self._written(self._move(Lease(self._token))):
            raise Fenced
        raise asked

    def _go_back(self, outcome: Outcome) -> None:
        self._journal.pending, self._journal.head_digest = outcome.pending, outcome.head_digest
        self.columns, self.progress = outcome.columns, lambda: outcome.progress
        self.along = outcome.along
        self._outcome = None

    def _move(self, guard: Lease) -> Move:
        """Everything gathered so far as a move; it stays gathered until it is written."""
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
                # Progress: what crashed before is behind it, and others may be driven beside it
                # again.
                columns = {"crashes": None, "alone": False, **columns}
            statuses = {step.status for step in steps}
            if StepStatus.FAILED in statuses and statuses.isdisjoint(PASSED_STATUSES):
                del columns["last_checkpoint_at"]
        return Move(
            self._execution.pk,
            guard,
            columns=columns,
            steps=steps,
            attempts=list(self.attempts),
            events=list(self.events),
            process_id=self.process_id,
            correlation_id=self._execution.correlation_id,
            owner_id=self._execution.owner_id,
            at=now,
            after_seq=self.head_seq,
        )

    def _written(
        self, move: Move, *, here: bool = False, also: Callable[[], None] | None = None
    ) -> bool:
        """Whether it was carried out; then it is not gathered any more."""
        all_ = [*self.along, *self._with, *([] if also is None else [also])]
        work = partial(_apply_with, move, all_) if all_ else partial(apply, move)
        applied = work() if here else self._store.call(work)
        if applied is None:
            return False
        self.came = {}
        self._with, self._take_backs = [], []
        self._inbox, self.head_seq = applied.inbox, applied.head_seq
        self.cancel_asked, self.pause_asked = applied.cancel_asked, applied.pause_asked
        if "last_checkpoint_at" in move.columns:
            self._execution.last_checkpoint_at = move.columns["last_checkpoint_at"]
        if self._journal.head_digest != self._chained:
            self._execution.crashes, self._execution.alone = None, False
        for step in self._journal.take_pending():
            # The texts that were hashed are written; the walk keeps the values themselves.
            step.texts = {}
        self._chained = self._journal.head_digest
        self.columns, self.attempts, self.events, self.along = {}, [], [], []
        self._outcome = None
        return True


def _standing(execution_id: uuid.UUID, token: int) -> tuple[int, bool, bool] | None:
    """The inbox, whether a cancel and whether a pause is asked for; None where the lease is
    lost.
    """
    rows = Execution.objects.filter(pk=execution_id, token=token, phase=Phase.IN_PROGRESS)
    row = rows.values_list("inbox", "cancel_asked_at", "pause_asked_at").first()
    return None if row is None else (row[0], row[1] is not None, row[2] is not None)


def _as_it_is(record: StepRecord) -> StepRecord:
    """The step as it stands now. One that is finished stays so; an open one goes on with the
    walk.
    """
    return record if record.is_finished() else replace(record, control=dict(record.control))


def _apply_with(move: Move, also: Iterable[Callable[[], None]]) -> Applied | None:
    with atomic():
        applied = apply(move)
        if applied is not None:
            for each in also:
                each()
    return applied
