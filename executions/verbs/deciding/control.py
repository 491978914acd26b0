"""Cancel, pause, resume, terminate. Where nobody drives the execution the move is made at once; else it is asked for,
and the driver honours it at its next boundary."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import structlog
from django.contrib.auth.models import User

from executions import audit, clock
from executions.driving import report
from executions.driving.closing import closed_records
from executions.driving.counting import shift
from executions.driving.lease import load_open_records
from executions.errors import Refused
from executions.journal.events import EventName
from executions.journal.records import StepRecord
from executions.models import Execution
from executions.models.move import Move, Standing
from executions.models.moves import apply
from executions.models.transactions import persistent
from executions.states import ACTIVE_PHASES, UNDER_WAY, Phase
from executions.verbs.deciding.case import Case
from executions.verbs.deciding.opening import Opening, Reads, opened

log = structlog.get_logger(__name__)


@persistent
def cancel(execution_id: uuid.UUID, actor: User, *, expected_seq: int | None = None) -> Phase:
    """Stop at the next boundary; at once where nothing is running. The phase that it is in afterwards."""
    opening = Opening(execution_id, actor, "cancel", expected_seq, ACTIVE_PHASES, verifies=False)
    return opened(opening, partial(_ask_or_move, moved=_cancelled, asked="cancel_asked_at"))


@persistent
def pause(execution_id: uuid.UUID, actor: User, *, expected_seq: int | None = None) -> Phase:
    """Start no further step until it is resumed."""
    opening = Opening(execution_id, actor, "pause", expected_seq, UNDER_WAY, verifies=False)
    return opened(opening, partial(_ask_or_move, moved=_paused, asked="pause_asked_at"))


@persistent
def resume(execution_id: uuid.UUID, actor: User, *, expected_seq: int | None = None) -> Phase:
    """Go on after a pause. Time limits did not run meanwhile."""
    opening = Opening(execution_id, actor, "resume", expected_seq, frozenset({Phase.PAUSED}), reads=Reads.NONE)
    return opened(opening, _resume)


def _resume(case: Case) -> Phase:
    execution, now = case.execution, clock.now()
    paused_at = execution.events.filter(name=EventName.PAUSED).order_by("-seq").values_list("created_at", flat=True)
    pause_length = now - (paused_at.first() or now)
    move = _move(execution, case.actor, EventName.RESUMED, Phase.PENDING)
    if execution.timeout_at is not None:
        move.columns["timeout_at"] = execution.timeout_at + pause_length
    move.steps = _shifted(execution.pk, pause_length)
    move.ring = execution.queue
    _apply(move, case)
    return Phase.PENDING


@persistent
def terminate(execution_id: uuid.UUID, actor: User, *, expected_seq: int | None = None) -> Phase:
    """End it now, whatever runs. A step that was begun may or may not have happened."""
    opening = Opening(execution_id, actor, "terminate", expected_seq, ACTIVE_PHASES, verifies=False)
    return opened(opening, _terminate)


def _terminate(case: Case) -> Phase:
    execution, now = case.execution, clock.now()
    move = _move(execution, case.actor, EventName.TERMINATED, Phase.TERMINATED)
    # The new token shuts out whoever drives it: their next write hits no row.
    move.increments = ("inbox", "token")
    move.steps = closed(execution.pk, now, outcome_unknown=execution.phase == Phase.IN_PROGRESS)
    _apply(move, case)
    return Phase.TERMINATED


def _ask_or_move(case: Case, *, moved: Callable[[Execution, User], Move], asked: str) -> Phase:
    execution = case.execution
    if execution.phase == Phase.IN_PROGRESS:
        move = Move(execution.pk, Standing(frozenset({Phase.IN_PROGRESS})), owner_id=execution.owner_id)
        move.columns[asked] = clock.now()
        move.increments = ("inbox",)
    else:
        move = moved(execution, case.actor)
    _apply(move, case)
    return move.phase or Phase(execution.phase)


def _cancelled(execution: Execution, actor: User) -> Move:
    move = _move(execution, actor, EventName.CANCELLED, Phase.CANCELLED)
    move.steps = closed(execution.pk, move.at, outcome_unknown=False)
    return move


def _paused(execution: Execution, actor: User) -> Move:
    return _move(execution, actor, EventName.PAUSED, Phase.PAUSED)


def _move(execution: Execution, actor: User, event: EventName, to: Phase) -> Move:
    now = clock.now()
    move = Move(
        execution.pk,
        Standing(frozenset({Phase(execution.phase)})),
        increments=("inbox",),
        events=[report.plain(event, execution, now, actor.pk)],
        owner_id=execution.owner_id,
        correlation_id=execution.correlation_id,
        at=now,
    )
    return move.to(to)


def _apply(move: Move, case: Case) -> None:
    applied = apply(move)
    if applied is None:
        raise Refused("stale", "Somebody else was faster.", remedy="Look at what changed, then decide again.")
    execution = case.execution
    # Asked of a driver, the phase is still what it was: the driver's own event tells when it was honoured.
    after = {"phase": str(move.phase or execution.phase), "seq": applied.head_seq, "asked": move.phase is None}
    audit.record(case.verb, execution, case.actor, before=audit.state(execution), after=after)
    log.info("verb", verb=case.verb, execution_id=execution.public_id, user=case.actor.pk, to=move.phase)


def closed(execution_id: uuid.UUID, now: datetime, *, outcome_unknown: bool) -> list[StepRecord]:
    """Every open step, closed as cancelled; what was running when it ended may still have happened."""
    return closed_records(load_open_records(execution_id), now, outcome_unknown=outcome_unknown)


def _shifted(execution_id: uuid.UUID, by: timedelta) -> list[StepRecord]:
    """The open steps with the moments from which, or until which, something is counted moved by a pause."""
    shifted = []
    for record in load_open_records(execution_id):
        shift(record, by)
        shifted.append(record)
    return shifted
