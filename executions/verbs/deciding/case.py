"""An execution under a person's hands: what was read of it, what a decision changes, and the one
way to write that.

A superseded composite is opened again with the input and the decisions that it had recorded, so
that a loop does not read its items anew; a superseded call keeps its arguments and its idempotency
key, unless a new operation is asked for.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import structlog
from django.contrib.auth.models import User

from executions import audit, clock
from executions.driving import report
from executions.driving.chain import Broken
from executions.driving.versions import parsed_for
from executions.ids import uuid7
from executions.journal.decided import PER_TRY, Counted, Decision, Task, Try, without
from executions.journal.links import link
from executions.journal.paths import ancestors, try_number
from executions.journal.records import DECISION, EventRecord, StepRecord
from executions.language.walking.following import after, first
from executions.models import Execution
from executions.models.move import Applied, Move, Standing
from executions.states import BEGUN_ANEW, Phase, StepStatus
from executions.verbs.deciding.moving import apply_or_refuse

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Decided:
    """The result of a decision; contract 2.3 names these fields for a recovery."""

    execution_id: str
    phase: Phase
    resumed_from: str | None
    checkpoint_seq: int | None
    next_step: str
    kept: int
    correlation_id: str
    seq: int


@dataclass(slots=True)
class Case:
    """One execution as it stands under its lock.

    ``made`` and ``columns`` go into the decision and the row.
    """

    execution: Execution
    records: dict[str, StepRecord]
    actor: User
    verb: str
    reason: str = ""
    # Made first, so that in the order of ids the decision stands before what it opened again.
    decision_id: uuid.UUID = field(default_factory=uuid7)
    superseded: list[StepRecord] = field(default_factory=list)
    written: list[StepRecord] = field(default_factory=list)
    reinstated: list[StepRecord] = field(default_factory=list)
    made: Decision = field(default_factory=Decision.made)
    columns: dict[str, Any] = field(default_factory=dict)
    # The digest on which the decision is chained; None: the head of the journal.
    chained_on: str | None = None
    # Finished steps that stand and were not read: how many, and the newest.
    others: int = 0
    others_seq: int | None = None
    # The broken part of the journal, for a verb that says itself what may be done then.
    broken: Broken | None = None
    # A rule decides, not the person in whose name the run is.
    by_rule: bool = False

    @property
    def person(self) -> User | None:
        """The person who decides; None where a rule does."""
        return None if self.by_rule else self.actor

    def goes_on_after(self, path: str) -> None:
        """It goes on with the task after the finished step at ``path``; ``""`` is the beginning."""
        execution = self.execution
        workflow = parsed_for(execution).workflow
        records = {record.path: record for record in self.standing()}
        following = after(workflow, records, path) if path else first(workflow)
        self.columns["current_step"] = following

    def failed_chains(self) -> list[list[StepRecord]]:
        """For each step that failed, it and the composites that failed with it, innermost first.

        If several branches failed, the chain of the step at which the run stands is the first.
        """
        leading = self._chain(self.execution.current_step)
        outermost = next((r for r in reversed(leading) if Task.of(r).failed), None)
        paths = (Task.of(outermost).failed or []) if outermost is not None else []
        others = [path for path in paths if path != self.execution.current_step]
        chains = [leading, *map(self._chain, others)]
        return [chain for chain in chains if chain]

    def _chain(self, path: str) -> list[StepRecord]:
        chain = [self.records[p] for p in (path, *ancestors(path)) if p in self.records]
        return [record for record in chain if record.status == StepStatus.FAILED]

    def standing(self) -> list[StepRecord]:
        """The steps that will stand once this is written."""
        gone = {record.id for record in self.superseded}
        return [record for record in self.records.values() if record.id not in gone] + self.written

    def reopen(self, record: StepRecord, **changes: Any) -> None:
        """Supersede a step and put an open one in its place that remembers what was decided and
        resolved.
        """
        control = without(record.control, *PER_TRY)
        fresh: dict[str, Any] = {
            "id": uuid7(),
            "seq": None,
            "digest": "",
            "output": None,
            "context": None,
            "error": None,
        }
        fresh |= {
            "started_at": clock.now(),
            "finished_at": None,
            "wake_at": None,
            "waiting_for": "",
            "attempt": 1,
            "control": control,
        }
        self.superseded.append(record)
        self.written.append(replace(record, **{"status": StepStatus.RETRYING} | fresh | changes))

    def reopen_composites(self, chain: Iterable[StepRecord]) -> None:
        """Open composites that failed again, each once, whatever failed in it."""
        gone = {record.id for record in self.superseded}
        for record in chain:
            if record.id not in gone:
                self.reopen(record, status=StepStatus.RUNNING, control=self.counted_anew(record))

    def count_anew(self, path: str) -> None:
        """Time limits and retries of the open composites around ``path`` count from this
        decision.
        """
        around = [self.records[p] for p in ancestors(path) if p in self.records]
        for record in around:
            if not record.is_finished():
                self.written.append(replace(record, control=self.counted_anew(record)))

    def counted_anew(self, record: StepRecord) -> dict[str, Any]:
        control = without(record.control, *PER_TRY)
        tried = try_number(self.execution.current_step, record.path)
        if record.kind == "try" and tried is not None:
            Try(control).counted_from = Counted.made(attempt=tried, at=clock.now())
        return control


def write(
    case: Case,
    events: list[EventRecord],
    *,
    stays: bool = False,
    fails_with: Mapping[str, Any] | None = None,
) -> Decided:
    """Write what was decided; the run goes on, unless it ``stays`` in its phase, or stands failed
    again (``fails_with``: the columns that say how).

    Raises Refused (``stale``).
    """
    execution, now = case.execution, clock.now()
    decision = _decision(case)
    chained_on = execution.head_digest if case.chained_on is None else case.chained_on
    head = decision.digest = link(chained_on, decision, execution.journal_format)
    for record in case.written:
        if record.finished_at is not None:
            head = record.digest = link(head, record, execution.journal_format)
    move = Move(
        execution.pk,
        Standing(frozenset({Phase(execution.phase)}), execution.head_seq),
        increments=("inbox",),
        supersede=([record.id for record in case.superseded], decision.id),
        reinstate=[record.id for record in case.reinstated],
        steps=[decision, *case.written],
        events=events,
        correlation_id=execution.correlation_id,
        owner_id=execution.owner_id,
        ring=None if stays or fails_with is not None else execution.queue,
        at=now,
    )
    phase = Phase(execution.phase) if stays else Phase.PENDING
    phase = phase if fails_with is None else Phase.FAILED
    anew = {
        **BEGUN_ANEW,
        "retry_count": 0,
        "timeout_at": None,
        "pause_asked_at": None,
        "cancel_asked_at": None,
    }
    if stays:
        move.columns = {"head_digest": head} | case.columns
    elif fails_with is not None:
        move.to(phase, **{**fails_with, "head_digest": head})
    else:
        move.to(phase, **anew | {"head_digest": head} | case.columns)
    applied = apply_or_refuse(move)
    after = {"phase": str(phase), "seq": applied.head_seq, **decision.control}
    audit.record(
        case.verb,
        execution,
        case.person,
        before=audit.state(execution),
        after=after,
        reason=case.reason,
    )
    log.info(
        "decision",
        verb=case.verb,
        execution_id=execution.public_id,
        user=None if case.person is None else case.person.pk,
        seq=applied.head_seq,
    )
    return _result(case, applied, phase)


def _decision(case: Case) -> StepRecord:
    now = clock.now()
    superseded = [record.path for record in case.superseded]
    who = {} if case.person is None else {"actor": case.person.pk}
    said = Decision.made(verb=case.verb, **who, reason=case.reason, supersedes=superseded)
    path = f"@decision/{case.execution.head_seq + 1}"
    return StepRecord(
        path,
        case.verb,
        DECISION,
        status=StepStatus.SUCCEEDED,
        control=said.json | case.made.json,
        started_at=now,
        finished_at=now,
        id=case.decision_id,
    )


def _result(case: Case, applied: Applied, phase: Phase) -> Decided:
    superseded = {record.id for record in case.superseded}
    kept = [r for r in case.records.values() if r.is_finished() and r.id not in superseded]
    execution = case.execution
    seqs = [case.others_seq, *(record.seq or 0 for record in kept)]
    return Decided(
        execution_id=execution.public_id,
        phase=phase,
        resumed_from=report.timestamp(execution.last_checkpoint_at),
        checkpoint_seq=max((seq for seq in seqs if seq is not None), default=None),
        next_step=case.columns.get("current_step", execution.current_step),
        kept=len(kept) + case.others,
        correlation_id=execution.correlation_id,
        seq=applied.head_seq,
    )
