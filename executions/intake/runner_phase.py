"""The moves that lead an external runner's execution to the phase it reports, each of them a legal
one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from executions.driving import report
from executions.errors import Refused
from executions.intake.merge_tasks import Merged, error_json
from executions.intake.status_update import StatusUpdate
from executions.journal.events import EventName
from executions.journal.records import EventRecord, StepRecord
from executions.models import Execution
from executions.models.move import Move, Standing
from executions.states import ENDED_PHASES, STOPPED_PHASES, Phase, StepStatus, WaitingFor, may_move

_EVENTS = {
    Phase.COMPLETED: EventName.COMPLETED,
    Phase.CANCELLED: EventName.CANCELLED,
    Phase.TERMINATED: EventName.TERMINATED,
    Phase.PAUSED: EventName.PAUSED,
}


def route(current: Phase, to: Phase | None) -> list[Phase]:
    """The phases to go through to reach ``to``, itself last; empty where nothing changes.

    A runner's first word may be that it is done: the row still passes through IN_PROGRESS. Raises
    Refused where a person paused it and the runner says that it goes on.
    """
    if to is None or to == current:
        return []
    if current == Phase.PAUSED and to not in ENDED_PHASES:
        raise Refused(
            "conflict",
            f"It was paused by a person, so it cannot be reported as {to}.",
            state=current,
            remedy="Stop at the next boundary; go on once it is resumed (phase PENDING).",
        )
    if to == Phase.PENDING:
        raise Refused(
            "conflict",
            f"It is {current}; a runner cannot report it as PENDING again.",
            state=current,
        )
    if current == Phase.PENDING and to != Phase.IN_PROGRESS:
        # Only a run that nobody began may be dropped without having been in progress.
        return [to] if to in STOPPED_PHASES else [Phase.IN_PROGRESS, to]
    if may_move(current, to):
        return [to]
    return (
        [Phase.PENDING, Phase.IN_PROGRESS, to]
        if current == Phase.PAUSED
        else [Phase.IN_PROGRESS, to]
    )


def moves(
    execution: Execution, update: StatusUpdate, merged: Merged | None, actor_id: int, now: datetime
) -> list[Move]:
    """One move for each phase on the way; the last one carries everything else, and stands alone
    where none changes.
    """
    current = Phase(execution.phase)
    phases = route(current, update.to)
    earlier_moves = []
    for phase in phases[:-1]:
        guard = Standing(frozenset({current}))
        earlier_moves.append(
            Move(execution.pk, guard, owner_id=execution.owner_id, at=now).to(phase)
        )
        current = phase
    to = phases[-1] if phases else None
    last = Move(
        execution.pk,
        Standing(frozenset({current})),
        events=_events(execution, update, merged, to, actor_id, now),
        owner_id=execution.owner_id,
        correlation_id=execution.correlation_id,
        at=now,
    )
    if to is not None:
        last.to(to, **_reached(execution, to, update, merged))
        if execution.started_at is None and update.started_at is None:
            last.if_null = {"started_at": now}
    return [*earlier_moves, last]


def _reached(
    execution: Execution, to: Phase, update: StatusUpdate, merged: Merged | None
) -> dict[str, Any]:
    """The runner's words on the phase that is reached, beside the phase's own columns."""
    if to == Phase.WAITING:
        return {
            "waiting_for": WaitingFor.APPROVAL
            if update.phase == "WAITING_FOR_APPROVAL"
            else WaitingFor.RUNNER
        }
    if to != Phase.FAILED:
        return {}
    error = (
        error_json(update.error)
        or _failed(merged)[1]
        or error_json("The runner reported no reason.")
    )
    assert error is not None
    return report.failing(execution, error, _failed_path(merged) or execution.current_step)


def _events(
    execution: Execution,
    update: StatusUpdate,
    merged: Merged | None,
    to: Phase | None,
    actor_id: int,
    now: datetime,
) -> list[EventRecord]:
    events = []
    if to is not None and execution.started_at is None and to not in STOPPED_PHASES:
        events.append(report.plain(EventName.STARTED, execution, now, actor_id))
    if to == Phase.FAILED:
        name, error = _failed(merged)
        reason = report.failure_reason(
            error_json(update.error) or error or {"detail": "The runner gave no reason."}
        )
        failed = report.step_failed(execution, name, reason, can_skip=False, at=now)
        failed.actor_id = actor_id
        events.append(failed)
    elif to in _EVENTS:
        events.append(report.plain(_EVENTS[to], execution, now, actor_id))
    return events


def _failed(merged: Merged | None) -> tuple[str, dict[str, Any] | None]:
    """Name and error of the task that failed last."""
    last = _failed_last(merged)
    return (last.name, last.error) if last is not None else ("(runner)", None)


def _failed_path(merged: Merged | None) -> str:
    """The path of the task that failed last; empty where none did."""
    last = _failed_last(merged)
    return last.path if last is not None else ""


def _failed_last(merged: Merged | None) -> StepRecord | None:
    standing = merged.standing if merged else []
    failed = [record for record in standing if record.status == StepStatus.FAILED]
    return failed[-1] if failed else None
