"""Automatic recovery: an execution that a dead process left behind is verified before anything is
run from it.

Whole: it goes on, and its owner is told. Broken: nothing is changed but that it is FAILED and wants
a person. Only a few are verified at once, so that a great many orphans do not take a worker's time
from what is healthy.
"""

from __future__ import annotations

import threading
from functools import lru_cache, partial

import structlog
from django.db import connection

from executions import audit, clock
from executions.calls.kind import RunsIn
from executions.driving import report
from executions.driving.chain import Broken, examine
from executions.driving.crashes import Crashes, after_crash
from executions.driving.lease import Held
from executions.driving.store import Store
from executions.errors import Fenced, WorkflowError
from executions.journal.events import EventName
from executions.language.walking.places import call_at
from executions.models import Execution, Process, Quarantine
from executions.models.move import Lease, Move
from executions.models.moves import apply
from executions.models.process import ALONE
from executions.models.rows import AsJson
from executions.models.transactions import Patience, atomic, run_tx
from executions.states import Phase, StepStatus

log = structlog.get_logger(__name__)
VERB = "automatic recovery"
# How many journals one worker verifies at once.
RECOVERIES_AT_ONCE = 5
# How long all executions of a version are driven alone after one of them ended a process that drove
# nothing else.
QUARANTINE_SECONDS = 600.0


@lru_cache(maxsize=1)
def _places() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(RECOVERIES_AT_ONCE)


def take_over(
    held: Held, store: Store, stopping: threading.Event, *, alone: bool
) -> bool | Crashes:
    """Recover what a dead process left.

    True: drive it. False: it was let go of. Crashes: it has had too many.

    A database in trouble is waited for until this process is ``stopping``.
    """
    execution = held.execution
    with _places():
        try:
            process, broken = run_tx(
                partial(_looked_at, execution), Patience(for_ever=True, stop=stopping)
            )
        finally:
            if not connection.in_atomic_block:
                connection.close()
    held.left_by = process
    if broken is not None:
        store.call(partial(_refuse, held, process, broken))
        return False
    crashes = after_crash(execution, process)
    if crashes.is_enough():
        return crashes
    to_be_alone = not alone and (
        crashes.is_to_be_alone() or bool(crashes.last and _ran_foreign_code(held))
    )
    store.call(partial(_record, held, process, crashes, to_be_alone))
    # Only now: a transaction may run again, and would not tell the second time that it began.
    held.first_time = False
    execution.crashes = crashes.as_json()
    return not to_be_alone


def _looked_at(execution: Execution) -> tuple[Process, Broken | None]:
    assert execution.left_by_id is not None
    return Process.objects.get(pk=execution.left_by_id), examine(execution)


def _ran_foreign_code(held: Held) -> bool:
    """Whether a function ran inside the worker that died: nothing else there is as likely to have
    ended it.
    """
    begun = (record for record in held.records if record.status == StepStatus.RUNNING)
    kinds = ((record, call_at(held.definition.workflow, record.path)) for record in begun)
    return any(
        kind is not None and kind.runs_in(record.arguments) is RunsIn.THREAD
        for record, kind in kinds
    )


def _record(held: Held, process: Process, crashes: Crashes, to_be_alone: bool) -> None:
    """Say that it was recovered; where it shall be driven alone, put it back for such a process."""
    execution, now = held.execution, clock.now()
    move = _move(held)
    if held.first_time:
        assert execution.started_at is not None
        move.events = [report.plain(EventName.STARTED, execution, execution.started_at)]
    move.events.append(report.recovered(execution, now, None))
    # Kept only where there was a crash: an orderly stop leaves nothing to count.
    move.columns["crashes"] = AsJson(crashes.as_json()) if crashes.last else None
    if to_be_alone:
        _set_apart(move, execution)
    with atomic():
        _apply(move)
        _audit(
            execution,
            process,
            audit.DONE,
            {"resumed_from": report.timestamp(execution.last_checkpoint_at)},
        )
        if process.kind == ALONE and crashes.last and execution.version_id is not None:
            _quarantine(execution, crashes)
    log.warning(
        "recovered",
        execution_id=execution.public_id,
        left_by=str(process),
        death=process.death,
        alone=to_be_alone,
    )


def set_apart(held: Held, store: Store) -> None:
    """Put it back for a process that drives nothing else. Raises Fenced."""
    move = _move(held)
    _set_apart(move, held.execution)
    store.call(partial(_apply, move))


def _set_apart(move: Move, execution: Execution) -> None:
    move.to(Phase.PENDING, alone=True).ring = execution.queue


def _quarantine(execution: Execution, crashes: Crashes) -> None:
    """It ended a process that drove nothing else: the others of its version shall not have to prove
    the same.
    """
    assert execution.version_id is not None
    evidence = f"{execution.public_id}: {crashes.evidence()}"
    if Quarantine.begin(execution.version_id, QUARANTINE_SECONDS, evidence):
        log.warning("version quarantined", version=str(execution.version_id), evidence=evidence)


def _refuse(held: Held, process: Process, broken: Broken) -> None:
    """Its checkpoints are not what was written, so nothing is run from them; the journal stays as
    it is.
    """
    execution, now = held.execution, clock.now()
    text = f"The recovery failed: {broken.text}. {broken.remedy()}"
    error = WorkflowError.standard("runtime", text).as_json()
    event = report.recovery_failed(execution, broken.text, now, last_good_seq=broken.last_good_seq)
    columns = report.failing(execution, error, execution.current_step)
    move = _move(held).to(Phase.FAILED, **columns, requires_manual_intervention=True)
    move.events = [event]
    with atomic():
        _apply(move)
        _audit(
            execution,
            process,
            audit.FAILED,
            {"broken": broken.text, "last_good_seq": broken.last_good_seq},
        )
    log.error("recovery failed", execution_id=execution.public_id, reason=broken.text)


def audit_giving_up(execution: Execution, crashes: Crashes) -> None:
    """The entry of an execution that is set aside for its crashes; written with the move that does
    so.
    """
    after = {"phase": str(Phase.FAILED), "crashes": crashes.as_json()}
    before = audit.state(execution)
    audit.record(
        VERB,
        execution,
        None,
        outcome=audit.FAILED,
        before=before,
        after=after,
        reason=crashes.evidence(),
    )


def _move(held: Held) -> Move:
    execution = held.execution
    return Move(
        execution.pk,
        Lease(held.token),
        owner_id=execution.owner_id,
        correlation_id=execution.correlation_id,
    )


def _apply(move: Move) -> None:
    if apply(move) is None:
        raise Fenced


def _audit(execution: Execution, process: Process, outcome: str, after: dict[str, object]) -> None:
    reason = f"Its process ended: {process} ({process.death})."
    audit.record(
        VERB,
        execution,
        None,
        outcome=outcome,
        before=audit.state(execution),
        after=after,
        reason=reason,
    )
