"""Answers that cannot be written to the journal when they come: kept beside it, for the person who
decides.

The journal is written by who holds the lease and by nobody else. But that a call was answered is
true whoever holds it, and a person who is asked whether it happened should not be asked without its
answer.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import structlog
from django.conf import settings
from django.db import Error

from executions import clock
from executions.calls.outcome import Done
from executions.driving import report
from executions.driving.boundary import Came
from executions.driving.drive import Drive
from executions.driving.lease import load_records
from executions.errors import Fenced, NotStorable, WorkflowError
from executions.journal.causes import cause_of
from executions.journal.decided import Call
from executions.journal.events import EventName
from executions.models import Execution, LateAnswer, Step
from executions.models.late_answer import LOST, UNWRITTEN
from executions.models.move import Lease, Move, Standing
from executions.models.moves import apply
from executions.models.transactions import atomic, run_tx
from executions.sanitise import sanitise_reason
from executions.states import Phase, StepStatus, WaitingFor
from executions.values import clean_error, storable

log = structlog.get_logger(__name__)


def keep(drive: Drive) -> None:
    """The lease was lost while an attempt ran: keep its answer, if it has come, as long as this
    process can.
    """
    for came in drive.boundary.came.values():
        _keep(drive, came)


def _keep(drive: Drive, came: Came) -> None:
    values = _values(drive, came, LOST)
    try:
        try:
            kept = drive.store.call(partial(_kept, values))
        except Fenced:
            # This process comes to its end and its writers with it; its own connection is left.
            kept = run_tx(partial(_kept, values))
    except Error as problem:
        log.error(
            "an answer that came too late could not be kept",
            problem=str(problem).strip(),
            **_named(drive, came),
        )
        return
    if kept:
        log.warning(
            "an answer came when the lease was lost; it is kept",
            succeeded=values["succeeded"],
            **_named(drive, came),
        )


def stop(drive: Drive, problem: Error) -> None:
    """The database does not take this boundary, and would not the next time: the run stops and says
    why.

    Answers that were to be written with it are kept, and a person decides. Raises Fenced, or
    django.db.Error where not even that can be written.
    """
    drive.store.call(partial(_stopped, drive, problem))
    log.error(
        "the run stops: the database does not take what it has to write",
        problem=str(problem).strip(),
        execution_id=drive.execution.public_id,
        paths=[came.path for came in drive.boundary.came.values()],
    )


def _named(drive: Drive, came: Came) -> dict[str, Any]:
    return {"execution_id": drive.execution.public_id, "path": came.path}


def _values(drive: Drive, came: Came, why: str) -> dict[str, Any]:
    values: dict[str, Any] = {
        "execution_id": drive.execution.pk,
        "step_id": came.step_id,
        "number": came.number,
        "token": drive.token,
        "process_id": drive.boundary.process_id,
        "key": came.key,
        "why": why,
        "began_at": came.began,
        "came_at": came.at,
    }
    if isinstance(came.outcome, Done):
        try:
            storable(came.outcome.output, limit_bytes=settings.STIGMER_VALUE_BYTES)
        except NotStorable as problem:
            error = WorkflowError.standard(
                "runtime", f"It succeeded, but its output cannot be kept: {problem}"
            )
            return values | {"succeeded": True, "error": error.as_json()}
        return values | {"succeeded": True, "output": came.outcome.output}
    error_json = drive.secrets.redact(clean_error(came.outcome.error).as_json())
    return values | {"succeeded": False, "error": error_json}


def _kept(values: dict[str, Any]) -> bool:
    """Whether this call kept it. A person who is deciding about the step right now is told."""
    with atomic():
        # Locked, so that either the question stands already and is told of, or is rendered with
        # this row.
        execution = Execution.objects.select_for_update(of=("self",)).get(pk=values["execution_id"])
        _, is_new = LateAnswer.objects.get_or_create(
            step_id=values["step_id"],
            number=values["number"],
            token=values["token"],
            defaults=values,
        )
        if is_new and execution.phase == Phase.WAITING and execution.waits_for(WaitingFor.DECISION):
            _tell(execution, Step.objects.get(pk=values["step_id"]), values)
    return is_new


def _tell(execution: Execution, step: Step, values: dict[str, Any]) -> None:
    event = report.plain(
        EventName.LATE_ANSWER,
        execution,
        clock.now(),
        step_name=step.name,
        path=step.path,
        attempt=values["number"],
        outcome="succeeded" if values["succeeded"] else "failed",
    )
    apply(
        Move(
            execution.pk,
            Standing(frozenset({Phase.WAITING}), execution.head_seq),
            events=[event],
            owner_id=execution.owner_id,
            correlation_id=execution.correlation_id,
        )
    )


def _stopped(drive: Drive, problem: Error) -> None:
    execution, now = drive.execution, clock.now()
    came = list(drive.boundary.came.values())
    move = Move(
        execution.pk,
        Lease(drive.token),
        owner_id=execution.owner_id,
        correlation_id=execution.correlation_id,
    )
    names = " and ".join(each.name for each in came)
    what = f"The outcome of {names}" if came else "The next write of the run"
    reason = sanitise_reason(
        f"{what} could not be written: the database refused it ({str(problem).strip()}). It was"
        " tried several times."
    )
    cause = cause_of(execution.subject_id, execution.current_step, reason)
    move.columns = {
        "failure_reason": reason,
        "cause": cause,
        "requires_manual_intervention": True,
    }
    if not came:
        error = WorkflowError.standard("runtime", reason).as_json()
        move.to(Phase.FAILED, **report.failing(execution, error, execution.current_step))
        name = drive.execution.current_step or "(workflow)"
        move.events = [report.step_failed(execution, name, reason, can_skip=False, at=now)]
    else:
        move.to(Phase.WAITING, waiting_for=WaitingFor.DECISION)
        for step in load_records(execution.pk):
            if step.id in drive.boundary.came:
                step.enter(StepStatus.WAITING, waiting_for=WaitingFor.DECISION)
                Call.of(step).needs_decision = True
                named: dict[str, Any] = {"step_name": step.name, "path": step.path}
                event = report.plain(
                    EventName.NEEDS_DECISION, execution, now, **named, reason=reason
                )
                move.steps.append(step)
                move.events.append(event)
    with atomic():
        if apply(move) is None:
            raise Fenced
        for each in came:
            LateAnswer.objects.get_or_create(
                step_id=each.step_id,
                number=each.number,
                token=drive.token,
                defaults=_values(drive, each, UNWRITTEN),
            )
