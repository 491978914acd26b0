"""Retry, skip, recover, decide: a decision is a Step that supersedes what failed or answers it; then the run goes on.

Only the failed step and the composites that failed with it are touched; what their siblings finished stays. A
superseded composite is opened again with the input and the decisions that it had recorded, so that a loop does not read
its items anew; a superseded call keeps its arguments and its idempotency key, unless a new operation is asked for.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from executions import policy
from executions.engine import report
from executions.engine.chain import verify
from executions.engine.journal import chained
from executions.engine.lease import load_records
from executions.errors import NotStorable, Refused
from executions.ids import uuid7
from executions.models import Execution
from executions.models.move import Applied, Move, Standing
from executions.models.moves import apply
from executions.paths import ancestors, try_number
from executions.records import DECISION, EventRecord, StepRecord
from executions.states import Phase, StepStatus
from executions.values import digest, storable

log = structlog.get_logger(__name__)
_PER_TRY = ("failures", "first_attempt_at", "deadline", "boundary", "needs_decision", "flow")
_UNSET = object()


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision led to; contract 2.3 names these fields for a recovery."""

    execution_id: str
    phase: Phase
    resumed_from: str | None
    checkpoint_seq: int | None
    next_step: str
    kept: int
    correlation_id: str
    seq: int


@dataclass(slots=True)
class _Case:
    """A failed execution under a person's hands, read in one transaction."""

    execution: Execution
    records: dict[str, StepRecord]
    actor: User
    verb: str
    reason: str = ""
    # Made first, so that in the order of ids the decision stands before what it opened again.
    decision_id: uuid.UUID = field(default_factory=uuid7)
    superseded: list[StepRecord] = field(default_factory=list)
    written: list[StepRecord] = field(default_factory=list)

    def failed_chain(self) -> list[StepRecord]:
        """The step that failed and the composites that failed with it, innermost first."""
        path = self.execution.current_step
        chain = [self.records[p] for p in (path, *ancestors(path)) if p in self.records]
        return [record for record in chain if record.status == StepStatus.FAILED]

    def reopen(self, record: StepRecord, **changes: Any) -> None:
        """Supersede a step and put an open one in its place that remembers what was decided and resolved."""
        control = {key: value for key, value in record.control.items() if key not in _PER_TRY}
        fresh: dict[str, Any] = {
            "id": uuid7(),
            "seq": None,
            "digest": "",
            "output": None,
            "context": None,
            "error": None,
        }
        fresh |= {"started_at": timezone.now(), "finished_at": None, "wake_at": None, "attempt": 1, "control": control}
        self.superseded.append(record)
        self.written.append(replace(record, status=StepStatus.RETRYING, **fresh | changes))

    def reopen_composites(self, chain: Iterable[StepRecord]) -> None:
        for record in chain:
            self.reopen(record, status=StepStatus.RUNNING, control=self._counted_anew(record))

    def count_anew(self, path: str) -> None:
        """Time limits and retries of the open composites around ``path`` count from this decision."""
        around = [self.records[p] for p in ancestors(path) if p in self.records]
        for record in around:
            if not record.is_finished():
                self.written.append(replace(record, control=self._counted_anew(record)))

    def _counted_anew(self, record: StepRecord) -> dict[str, Any]:
        control = {key: value for key, value in record.control.items() if key not in _PER_TRY}
        tried = try_number(self.execution.current_step, record.path)
        if record.kind == "try" and tried is not None:
            control["counted_from"] = {"attempt": tried, "at": timezone.now().isoformat()}
        return control


def retry(
    execution_id: uuid.UUID,
    actor: User,
    *,
    expected_seq: int | None = None,
    arguments: Any = _UNSET,
    as_new_operation: bool = False,
    reason: str = "",
) -> Decided:
    """Run the failed step again with its counters reset. Raises Refused, and then nothing is changed."""
    with transaction.atomic():
        case = _case(execution_id, actor, "retry", expected_seq, reason)
        if arguments is not _UNSET and not isinstance(arguments, dict):
            raise Refused("invalid", "The edited input of a call has to be an object.", state=case.execution.phase)
        _check_storable(arguments, "The edited input", case)
        _again(case, arguments, as_new_operation)
        event = report.plain(
            report.RETRIED, case.execution, timezone.now(), actor.pk, step=case.execution.current_step, reason=reason
        )
        return _write(case, [event])


def recover(execution_id: uuid.UUID, actor: User, *, expected_seq: int | None = None, reason: str = "") -> Decided:
    """Verify the checkpoints, then go on from the last one. A recovery that fails stays FAILED and flags a person."""
    with transaction.atomic():
        case = _case(execution_id, actor, "recover", expected_seq, reason)
        broken = verify(case.execution)
        if broken is None:
            _again(case, _UNSET, as_new_operation=False)
            return _write(case, [report.recovered(case.execution, timezone.now(), actor.pk)])
        _flag(case, broken)
    raise Refused(
        "corrupt",
        f"The recovery failed: {broken}",
        state=case.execution.phase,
        remedy="Nothing was changed. It is marked for a person; support can restore an earlier checkpoint.",
    )


def skip(
    execution_id: uuid.UUID,
    actor: User,
    *,
    expected_seq: int | None = None,
    output: Any = _UNSET,
    reason: str = "",
) -> Decided:
    """Answer the failed optional step with its input (or with ``output``), export nothing, and go on."""
    with transaction.atomic():
        case = _case(execution_id, actor, "skip", expected_seq, reason)
        chain = case.failed_chain()
        place = next((index for index, record in enumerate(chain) if record.optional), None)
        if place is None:
            name = chain[0].name if chain else "The workflow"
            raise Refused(
                "not_skippable",
                f"{name} is required, so it cannot be skipped.",
                state=case.execution.phase,
                remedy="Retry or recover it; a task may be skipped only where its definition says `optional: true`.",
            )
        _check_storable(output, "The output", case)
        target, now = chain[place], timezone.now()
        answer = replace(
            target, id=uuid7(), status=StepStatus.SKIPPED, error=None, context=None, seq=None, finished_at=now,
            output=target.input if output is _UNSET else output, control={"reason": "skipped by a person"},
        )  # fmt: skip
        case.superseded.append(target)
        case.written.append(answer)
        case.reopen_composites(chain[place + 1 :])
        event = report.plain(
            report.STEP_SKIPPED, case.execution, now, actor.pk, step_name=target.name, path=target.path, reason=reason
        )
        return _write(case, [event])


def decide(
    execution_id: uuid.UUID,
    actor: User,
    choice: str,
    *,
    expected_seq: int | None = None,
    output: Any = None,
    reason: str = "",
) -> Decided:
    """Answer an interrupted ``at_most_once`` step: ``run_again``, ``mark_done`` (with an output) or ``fail``."""
    answers: dict[str, dict[str, Any]] = {
        "run_again": {},
        "mark_done": {"answer": {"output": output}},
        "fail": {"answer": {"fail": reason or "A person decided that it failed."}},
    }
    if choice not in answers:
        raise Refused("invalid", f"There is no choice {choice!r}.", remedy=f"Choose one of {', '.join(answers)}.")
    with transaction.atomic():
        case = _case(execution_id, actor, "decide", expected_seq, reason, phase=Phase.WAITING)
        asked = next((r for r in case.records.values() if r.control.get("needs_decision")), None)
        if asked is None:
            raise Refused("wrong_phase", "It does not wait for a decision.", state=case.execution.phase)
        _check_storable(output, "The output", case)
        control = {key: value for key, value in asked.control.items() if key not in _PER_TRY} | answers[choice]
        case.reopen(asked, control=control, attempt=asked.attempt)
        case.count_anew(asked.path)
        event = report.plain(
            report.DECIDED, case.execution, timezone.now(), actor.pk, step_name=asked.name, choice=choice, reason=reason
        )
        return _write(case, [event])


def _case(
    execution_id: uuid.UUID,
    actor: User,
    verb: str,
    expected_seq: int | None,
    reason: str,
    phase: Phase = Phase.FAILED,
) -> _Case:
    # Locked, so that what is read here is still so when it is written.
    execution = Execution.objects.select_for_update(of=("self",)).get(pk=execution_id)
    check_allowed(execution, actor, verb)
    check_fresh(execution, expected_seq)
    if execution.phase != phase:
        raise Refused(
            "wrong_phase",
            f"It is {execution.phase}; {verb} is possible only when it is {phase}.",
            state=execution.phase,
        )
    return _Case(execution, {r.path: r for r in load_records(execution_id)}, actor, verb, reason)


def check_allowed(execution: Execution, actor: User, verb: str) -> None:
    if not policy.can(actor, verb, execution):
        raise Refused(
            "forbidden",
            f"You may see this execution, but not {verb} it.",
            state=execution.phase,
            remedy="Ask its owner or an administrator.",
        )


def check_fresh(execution: Execution, expected_seq: int | None) -> None:
    if expected_seq is not None and expected_seq != execution.head_seq:
        raise Refused(
            "stale",
            f"The page showed step {expected_seq} of its history; it is at {execution.head_seq} now and "
            f"{execution.phase}.",
            state=execution.phase,
            remedy="Look at what changed, then decide again.",
        )


def _check_storable(value: Any, what: str, case: _Case) -> None:
    if value is _UNSET:
        return
    try:
        storable(value, limit_bytes=settings.STIGMER_VALUE_BYTES)
    except NotStorable as problem:
        raise Refused("invalid", f"{what} cannot be kept. {problem}", state=case.execution.phase) from problem


def _again(case: _Case, arguments: Any, as_new_operation: bool) -> None:
    chain = case.failed_chain()
    if not chain:
        return
    failed = chain[0]
    if arguments is not _UNSET and failed.kind != "call":
        raise Refused("invalid", f"{failed.name} is no call, so it has no input to edit.", state=case.execution.phase)
    if failed.kind == "call" and failed.arguments is not None:
        changes: dict[str, Any] = {} if arguments is _UNSET else {"arguments": arguments}
        if as_new_operation:
            changes["generation"] = failed.generation + 1
        case.reopen(failed, **changes)
    elif "items" in failed.control:
        # A loop does not read its items anew.
        case.reopen(failed, status=StepStatus.RUNNING)
    else:
        # It failed before it had resolved anything, so there is nothing to keep: the walk meets it anew.
        case.superseded.append(failed)
    case.reopen_composites(chain[1:])


def _write(case: _Case, events: list[EventRecord]) -> Decided:
    execution, now = case.execution, timezone.now()
    decision = _decision(case)
    head = decision.digest = digest(execution.head_digest, chained(decision))
    for record in case.written:
        if record.finished_at is not None:
            head = record.digest = digest(head, chained(record))
    move = Move(
        execution.pk,
        Standing(frozenset({Phase(execution.phase)}), execution.head_seq),
        to=Phase.PENDING,
        columns={
            "wake_at": now, "waiting_for": "", "rung_at": None, "error": None, "failed_at": None,
            "failure_reason": "", "retry_count": 0, "requires_manual_intervention": False, "timeout_at": None,
            "ended_at": None, "head_digest": head,
        },
        increments=("inbox",),
        supersede=([record.id for record in case.superseded], decision.id),
        steps=[decision, *case.written],
        events=events,
        correlation_id=execution.correlation_id,
        owner_id=execution.owner_id,
        ring=execution.queue,
        at=now,
    )  # fmt: skip
    applied = apply(move)
    if applied is None:
        raise Refused("stale", "Somebody else was faster.", remedy="Look at what changed, then decide again.")
    log.info("decision", verb=case.verb, execution_id=execution.public_id, user=case.actor.pk, seq=applied.head_seq)
    return _result(case, applied)


def _decision(case: _Case) -> StepRecord:
    now = timezone.now()
    control = {
        "verb": case.verb,
        "actor": case.actor.pk,
        "reason": case.reason,
        "supersedes": [record.path for record in case.superseded],
    }
    path = f"@decision/{case.execution.head_seq + 1}"
    return StepRecord(
        path,
        case.verb,
        DECISION,
        status=StepStatus.SUCCEEDED,
        control=control,
        started_at=now,
        finished_at=now,
        id=case.decision_id,
    )


def _result(case: _Case, applied: Applied) -> Decided:
    superseded = {record.id for record in case.superseded}
    kept = [r for r in case.records.values() if r.is_finished() and r.id not in superseded]
    execution = case.execution
    return Decided(
        execution_id=execution.public_id,
        phase=Phase.PENDING,
        resumed_from=report.timestamp(execution.last_checkpoint_at),
        checkpoint_seq=max((record.seq or 0 for record in kept), default=None),
        next_step=execution.current_step,
        kept=len(kept),
        correlation_id=execution.correlation_id,
        seq=applied.head_seq,
    )


def _flag(case: _Case, broken: str) -> None:
    execution, now = case.execution, timezone.now()
    event = report.plain(report.RECOVERY_FAILED, execution, now, case.actor.pk, reason=broken)
    event.notify_owner = True
    move = Move(
        execution.pk,
        Standing(frozenset({Phase.FAILED}), execution.head_seq),
        columns={"requires_manual_intervention": True},
        events=[event],
        owner_id=execution.owner_id,
        at=now,
    )
    apply(move)
