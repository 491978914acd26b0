"""Cancel, pause, resume, terminate.

If nobody drives the execution the move is made at once; else it is asked for, and the driver
honours it at its next boundary.

Each goes down to the runs that this one started and waits for, in the same transaction: a child is
locked before its parent, as its end writes to the parent.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import structlog
from django.contrib.auth.models import User

from executions import audit, clock
from executions.driving import stopping
from executions.driving.counting import shift
from executions.driving.lease import load_open_records
from executions.journal.events import EventName
from executions.journal.records import StepRecord
from executions.models import Execution
from executions.models.move import Move
from executions.models.transactions import persistent
from executions.states import Phase
from executions.verbs.deciding import family
from executions.verbs.deciding.case import Case
from executions.verbs.deciding.moving import apply_or_refuse
from executions.verbs.deciding.opening import Opening, Reads, opened
from executions.verbs.rows import VERBS

log = structlog.get_logger(__name__)


@persistent
def cancel(execution_id: uuid.UUID, actor: User, *, expected_seq: int | None = None) -> Phase:
    """Stop at the next boundary; at once where nothing is running.

    The phase that it is in afterwards.
    """
    opening = Opening(execution_id, actor, "cancel", expected_seq, verifies=False)
    work = partial(_ask_or_move, moved=stopping.cancelled, asked="cancel_asked_at")
    return _with_children(opening, cancel, work)


@persistent
def pause(
    execution_id: uuid.UUID, actor: User, *, expected_seq: int | None = None, verb: str = "pause"
) -> Phase:
    """Start no further step until it is resumed; allowed and refused as ``verb``."""
    opening = Opening(execution_id, actor, verb, expected_seq, verifies=False)
    return _with_children(
        opening, pause, partial(_ask_or_move, moved=_paused, asked="pause_asked_at")
    )


@persistent
def resume(execution_id: uuid.UUID, actor: User, *, expected_seq: int | None = None) -> Phase:
    """Go on after a pause. Time limits did not run meanwhile."""
    opening = Opening(execution_id, actor, "resume", expected_seq, reads=Reads.NONE)
    return _with_children(opening, resume, _resume)


def _with_children(
    opening: Opening, verb: Callable[[uuid.UUID, User], Phase], work: Callable[[Case], Phase]
) -> Phase:
    """The same for the runs that it waits for, the innermost first, then for itself."""
    phases = VERBS[opening.verb].phases
    going_down = partial(
        family.down, opening.execution_id, lambda key: verb(key, opening.actor), phases
    )
    return opened(replace(opening, before=going_down), work)


def _resume(case: Case) -> Phase:
    execution, now = case.execution, clock.now()
    paused_at = (
        execution.events.filter(name=EventName.PAUSED)
        .order_by("-seq")
        .values_list("created_at", flat=True)
    )
    pause_length = now - (paused_at.first() or now)
    move = stopping.told(execution, case.actor.pk, EventName.RESUMED, Phase.PENDING)
    if execution.timeout_at is not None:
        move.columns["timeout_at"] = execution.timeout_at + pause_length
    move.steps = _shifted(execution.pk, pause_length)
    move.ring = execution.queue
    _apply(move, case)
    return Phase.PENDING


@persistent
def terminate(execution_id: uuid.UUID, actor: User, *, expected_seq: int | None = None) -> Phase:
    """End it now, whatever runs. A step that was begun may or may not have happened."""
    opening = Opening(execution_id, actor, "terminate", expected_seq, verifies=False)
    return _with_children(opening, terminate, _terminate)


def _terminate(case: Case) -> Phase:
    execution, now = case.execution, clock.now()
    move = stopping.told(execution, case.actor.pk, EventName.TERMINATED, Phase.TERMINATED)
    # The new token shuts out whoever drives it: their next write hits no row.
    move.increments = ("inbox", "token")
    move.steps = stopping.closed(execution.pk, now, outcome_unknown=stopping.is_driven(execution))
    _apply(move, case)
    return Phase.TERMINATED


def _ask_or_move(case: Case, *, moved: Callable[[Execution, int], Move], asked: str) -> Phase:
    execution = case.execution
    is_driven = stopping.is_driven(execution)
    move = stopping.asked(execution, asked) if is_driven else moved(execution, case.actor.pk)
    _apply(move, case)
    return move.phase or Phase(execution.phase)


def _paused(execution: Execution, actor_id: int) -> Move:
    return stopping.told(execution, actor_id, EventName.PAUSED, Phase.PAUSED)


def _apply(move: Move, case: Case) -> None:
    applied = apply_or_refuse(move)
    execution = case.execution
    # Asked of a driver, the phase is still what it was: the driver's own event tells when it was
    # honoured.
    after = {
        "phase": str(move.phase or execution.phase),
        "seq": applied.head_seq,
        "asked": move.phase is None,
    }
    audit.record(case.verb, execution, case.actor, before=audit.state(execution), after=after)
    log.info(
        "verb", verb=case.verb, execution_id=execution.public_id, user=case.actor.pk, to=move.phase
    )


def _shifted(execution_id: uuid.UUID, by: timedelta) -> list[StepRecord]:
    """The open steps with the moments from which, or until which, something is counted moved by a
    pause.
    """
    shifted = []
    for record in load_open_records(execution_id):
        shift(record, by)
        shifted.append(record)
    return shifted
