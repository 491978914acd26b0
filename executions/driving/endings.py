"""How a drive ends: completed, failed, cancelled, paused, given back, or set aside for a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from django.conf import settings

from executions import clock
from executions.driving import lease, queued, report
from executions.driving.boundary import CancelAsked
from executions.driving.closing import closed_records
from executions.driving.crashes import Crashes
from executions.driving.drive import Drive
from executions.driving.takeover import audit_giving_up
from executions.errors import NotStorable, WorkflowError
from executions.journal.decided import Call, Known, Task
from executions.journal.events import EventName
from executions.journal.paths import is_inside
from executions.journal.records import EventRecord, StepRecord
from executions.language.walking.requests import Completed, Ended, Failed
from executions.models.rows import AsJson
from executions.states import Phase, StepStatus
from executions.values import storable

log = structlog.get_logger(__name__)


def give_back(drive: Drive) -> None:
    """Back to the queue; what was asked meanwhile is seen by who takes it next."""
    drive.boundary.release(Phase.PENDING, ring=drive.execution.queue)


def give_back_rolled_back(drive: Drive, begun: StepRecord) -> None:
    """Back to the queue as it stood before a transactional step, of which nothing is written."""
    execution = drive.execution
    drive.store.call(
        partial(
            lease.give_back,
            execution.pk,
            drive.token,
            execution.queue,
            execution.owner_id,
            not_run=[begun],
        )
    )


def pause(drive: Drive) -> None:
    """Paused at a boundary. Raises CancelAsked where that was asked for too."""
    event = report.plain(EventName.PAUSED, drive.execution, clock.now())
    drive.boundary.release_unless_asked(Phase.PAUSED, event=event, heeded=(CancelAsked,))


def cancel(drive: Drive) -> None:
    """Cancelled at a boundary; of a call that was begun nobody knows now whether it happened."""
    now = clock.now()
    # As they stand in the database, not as a walk that went on since has them.
    standing = {record.id: record for record in drive.records_of_now()} | drive.journal.pending
    for step in closed_records(standing.values(), now, outcome_unknown=True):
        drive.journal.pending[step.id] = step
    event = report.plain(EventName.CANCELLED, drive.execution, now)
    drive.boundary.release(Phase.CANCELLED, event=event)


def give_up(drive: Drive, crashes: Crashes) -> None:
    """Set it aside for a person: the step at which its processes ended has failed, and the evidence
    is kept.
    """
    now = clock.now()
    error = WorkflowError.standard("runtime", crashes.evidence())
    suspects = _suspects(drive)
    open_chain = _open_around(drive, suspects)
    # Counting begins anew when a person releases it; it is still driven alone then.
    for record in open_chain:
        if record.may_be_under_way():
            Call.of(record).outcome = Known.UNKNOWN
        if len(below := [path for path in suspects if is_inside(path, record.path)]) > 1:
            Task.of(record).failed = below
        record.error = error.as_json()
        drive.journal.finish(record, StepStatus.FAILED, now)
    progress = (drive.execution.progress_done, drive.execution.progress_total)
    drive.boundary.progress = lambda: progress
    drive.boundary.columns |= {"crashes": None, "alone": True}
    drive.boundary.events.append(
        report.recovery_failed(drive.execution, crashes.evidence(), now, crashes=crashes.last)
    )
    path = suspects[0] if open_chain else None
    also = partial(audit_giving_up, drive.execution, crashes)
    end(drive, Failed(error, path), requires_manual_intervention=True, also=also)


def _suspects(drive: Drive) -> list[str]:
    """The places where its processes may have ended: any call that was under way, of which branches
    have several, else the step at which it stood.
    """
    begun = [record.path for record in drive.journal.open_steps() if record.may_be_under_way()]
    current = drive.execution.current_step
    return sorted(begun, key=lambda path: path != current) or [current]


def _open_around(drive: Drive, paths: Sequence[str]) -> list[StepRecord]:
    """The open steps at these paths and around them, the innermost first."""
    around = {record.path: record for path in paths for record in drive.journal.chain_of(path)}
    open_ = [record for record in around.values() if not record.is_finished()]
    return sorted(open_, key=lambda record: record.path.count("/"), reverse=True)


def end(
    drive: Drive,
    ended: Ended,
    *,
    requires_manual_intervention: bool = False,
    also: Callable[[], None] | None = None,
) -> None:
    """Completed or failed.

    Raises what was asked before that: CancelAsked, and PauseAsked where it would complete.
    """
    now = clock.now()
    if isinstance(ended, Completed):
        try:
            storable(ended.output, limit_bytes=settings.STIGMER_VALUE_BYTES)
        except NotStorable as problem:
            ended = Failed(
                WorkflowError.standard("runtime", f"The workflow's output: {problem}"), None
            )
    if isinstance(ended, Completed):
        total = drive.boundary.progress()[1]
        columns = {
            "output": AsJson(_kept(drive, ended.output)),
            "progress_done": total,
            "progress_total": total,
        }
        event = report.plain(EventName.COMPLETED, drive.execution, now)
        if drive.execution.kind == "agent":
            also = partial(queued.go_on_with_what_is_left, drive.execution)
        drive.boundary.release_unless_asked(Phase.COMPLETED, columns, event=event, also=also)
        log.info("execution completed")
        return
    columns, event = _failure(drive, ended, now)
    columns |= drive.columns_at_end
    if requires_manual_intervention:
        columns["requires_manual_intervention"] = True
    # A run that has failed is at rest, so that a pause has nothing more to stop.
    drive.boundary.release_unless_asked(
        Phase.FAILED, columns, event=event, heeded=(CancelAsked,), also=also
    )
    log.error("execution failed", path=ended.path, reason=columns["failure_reason"])


def _kept(drive: Drive, output: Any) -> Any:
    return drive.secrets.sealed_value(output) if drive.keeps_secrets_out else output


def _failure(drive: Drive, failed: Failed, now: datetime) -> tuple[dict[str, Any], EventRecord]:
    error = drive.secrets.redact(failed.error.as_json())
    columns = report.failing(drive.execution, error, failed.path)
    reason = columns["failure_reason"]
    step = drive.journal.steps.get(failed.path) if failed.path else None
    chain = drive.journal.chain_of(failed.path) if failed.path else []
    can_skip = any(record.optional and record.status == StepStatus.FAILED for record in chain)
    name = step.name if step else "(workflow)"
    failures = Call.of(step).failures or 0 if step else 0
    event = report.step_failed(
        drive.execution, name, reason, can_skip=can_skip, at=now, attempts=max(1, failures)
    )
    return {
        **columns,
        "retry_count": max(0, failures - 1),
        "current_step": failed.path or "",
    }, event
