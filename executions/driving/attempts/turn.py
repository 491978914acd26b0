"""A call of a function waits for a process of its own before its attempt begins.

Waiting is not running: the step is WAITING, nothing was begun, and the time counts against no
attempt and no deadline. It waits in its slot for a moment (what is taken soon need not be let go
of), then the execution is parked; the worker whose line it stands in wakes it when its turn has
come (:mod:`executions.worker.turns`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from executions import clock
from executions.calls.kind import RunsIn
from executions.calls.python import step as python
from executions.calls.table import EVERY_CALL
from executions.driving.counting import shift
from executions.driving.drive import Drive, Parked, Yielded
from executions.isolation import Seat
from executions.journal.decided import Call, InLine
from executions.journal.records import StepRecord
from executions.language.walking.requests import Effect
from executions.states import StepStatus, WaitingFor

IN_PLACE_SECONDS = 0.5
# Should the worker whose line it stands in be gone, others look after it then.
LOOK_AGAIN = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The facts by which a worker wakes the execution up that waits under ``step_id``."""

    step_id: UUID
    execution_id: UUID
    queue: str
    owner_id: int


def seat_for(drive: Drive, request: Effect, *, in_place: bool = True) -> Seat | None:
    """The process in which the attempt will run; None where it needs none.

    Raises Parked where it has to wait long or, where it does not wait ``in_place``, at all.
    """
    step, execution = request.step, drive.execution
    if EVERY_CALL[request.call].runs_in(step.arguments) is not RunsIn.PROCESS:
        return None
    if drive.running.stopping.is_set():
        raise Yielded
    waiting = Waiting(step.id, execution.pk, execution.queue, execution.owner_id)
    seat = python.seat(waiting.step_id, str(execution.owner_id), waiting)
    if seat is None:
        seat = _wait(drive, request, waiting, in_place)
    _leave_line(drive, step)
    return seat


def fetched(drive: Drive, request: Effect) -> Seat | None:
    """The process for a step that stands in line, where its turn has come."""
    execution = drive.execution
    waiting = Waiting(request.step.id, execution.pk, execution.queue, execution.owner_id)
    seat = python.seat(waiting.step_id, str(execution.owner_id), waiting)
    if seat is not None:
        _leave_line(drive, request.step)
    return seat


def leave_out_waiting(drive: Drive) -> None:
    """Called before the walk: what passed while a step stood in line counts against nothing around
    it.
    """
    now = clock.now()
    # A step around several that waited at the same time was kept up by the longest wait.
    waited: dict[str, timedelta] = {}
    for step in drive.journal.open_steps():
        if by := _uncounted(step, now):
            for each in _open_around(drive, step):
                waited[each.path] = max(by, waited.get(each.path, by))
    if not waited:
        return
    for path, by in waited.items():
        step = drive.journal.steps[path]
        shift(step, by)
        drive.journal.pending[step.id] = step
    if drive.execution.timeout_at is not None:
        drive.execution.timeout_at += max(waited.values())
        drive.boundary.columns["timeout_at"] = drive.execution.timeout_at


def _wait(drive: Drive, request: Effect, waiting: Waiting, in_place: bool) -> Seat:
    step = request.step
    is_new = Call.of(step).in_line is None
    try:
        _stand_in_line(drive, step)
        # A time limit around it was read by this walk already; only the next one sees it moved.
        if in_place and is_new and request.deadline_at is None:
            drive.boundary.commit()
            seat = python.seat(
                waiting.step_id, str(drive.execution.owner_id), waiting, seconds=IN_PLACE_SECONDS
            )
            if seat is not None:
                return seat
        if drive.running.stopping.is_set():
            raise Yielded
    except BaseException:
        python.leave(waiting.step_id)
        raise
    until = clock.now() + LOOK_AGAIN
    raise Parked(until, WaitingFor.FUNCTION_PROCESS, in_line=(waiting.step_id,))


def _stand_in_line(drive: Drive, step: StepRecord) -> None:
    call, now = Call.of(step), clock.now()
    if call.in_line is None:
        call.in_line = InLine.made(since=now, counted=now)
    step.enter(StepStatus.WAITING, waiting_for=WaitingFor.FUNCTION_PROCESS)
    drive.journal.pending[step.id] = step
    drive.boundary.columns["current_step"] = step.path


def _leave_line(drive: Drive, step: StepRecord) -> None:
    """It has a process: the attempt begins now."""
    call, now = Call.of(step), clock.now()
    waited = _uncounted(step, now)
    if call.in_line is None:
        return
    for record in _open_around(drive, step):
        shift(record, waited)
        drive.journal.pending[record.id] = record
    del call.in_line
    if call.first_attempt_at is None:
        step.started_at = now


def _open_around(drive: Drive, step: StepRecord) -> list[StepRecord]:
    """The step and what is open above it. The turn of an agent stands above its calls, and is
    over.
    """
    return [each for each in drive.journal.chain_of(step.path) if not each.is_finished()]


def _uncounted(step: StepRecord, now: datetime) -> timedelta:
    """How long the step has stood in line and was not left out of the counting for."""
    held = Call.of(step).in_line
    return (
        max(timedelta(), now - held.counted) if held is not None and held.counted else timedelta()
    )
