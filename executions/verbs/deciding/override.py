"""An administrator's word on the phase of an execution, where no other verb fits.

A reason is required.

The legal moves hold here as well (``executions.states.MOVES``). Only a worker can know that a run
runs, waits or is complete, so nobody else can say it; and the ways back from FAILED, PAUSED and
CANCELLED are verbs of their own, which know what in the journal has to be taken back.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib.auth.models import User

from executions import audit, clock
from executions.driving import report
from executions.driving.stopping import closed
from executions.errors import Refused, WorkflowError
from executions.journal.events import EventName
from executions.models import Execution
from executions.models.move import Move, Standing
from executions.models.transactions import persistent
from executions.said import Said
from executions.states import ACTIVE_PHASES, BEGUN_ANEW, MOVES, STOPPED_PHASES, Phase
from executions.verbs.deciding import control, family
from executions.verbs.deciding.case import Case
from executions.verbs.deciding.decisions import audited
from executions.verbs.deciding.moving import apply_or_refuse
from executions.verbs.deciding.opening import Opening, Reads, check_allowed
from executions.verbs.deciding.previews import Effects

VERB = "override"
# The phases that go down to the runs that it waits for.
_DOWN: Mapping[Phase, Callable[[uuid.UUID, User], Phase]] = {
    Phase.CANCELLED: control.cancel,
    Phase.TERMINATED: control.terminate,
    Phase.PAUSED: control.pause,
}


@dataclass(frozen=True, slots=True)
class OverridePreview(Effects):
    """The phases that an administrator may put it into now."""

    seq: int
    phase: Phase
    choices: list[Phase]


@dataclass(frozen=True, slots=True)
class Overridden(Effects):
    """The phases before and after it, and what the second means."""

    before: str
    after: str
    means: str


def possible(execution: Execution, actor: User) -> OverridePreview:
    """The phases to choose from. Raises Refused for people who may not."""
    check_allowed(execution, actor, VERB)
    phase = Phase(execution.phase)
    return OverridePreview(seq=execution.head_seq, phase=phase, choices=choices(execution))


def preview(execution: Execution, to: str) -> Overridden:
    """The meaning of this phase. Raises Refused where it is not possible now."""
    check_possible(execution, to)
    before, means = str(execution.phase), Phase(to).row.override
    return Overridden(before=before, after=to, means=means)


def choices(execution: Execution) -> list[Phase]:
    """The phases that an administrator may put this execution into now."""
    current = Phase(execution.phase)
    possible = {phase for phase in MOVES[current] if phase.row.override}
    return sorted(possible - {Phase.PENDING} if current.row.way_back else possible)


@persistent
def override(
    execution_id: uuid.UUID, actor: User, to: Phase, *, expected_seq: int | None = None, reason: str
) -> Phase:
    """Put it into this phase; whoever drives it is shut out at once. Raises Refused."""

    def work(case: Case) -> Phase:
        execution = case.execution
        _check(execution, to, reason)
        applied = apply_or_refuse(_move(execution, actor, to, reason))
        after = {"phase": str(to), "seq": applied.head_seq}
        audit.record(
            VERB, execution, actor, before=audit.state(execution), after=after, reason=reason
        )
        return to

    # A verb that ends or holds a run has to be possible whatever became of its journal.
    verifies = to == Phase.PENDING
    down = _DOWN.get(to)
    below = (
        partial(family.down, execution_id, lambda key: down(key, actor), ACTIVE_PHASES)
        if down
        else None
    )
    opening = Opening(
        execution_id,
        actor,
        VERB,
        expected_seq,
        reason,
        verifies,
        reads=Reads.NONE,
        before=below,
    )
    return audited(opening, work)


def check_possible(execution: Execution, to: str) -> None:
    """Raises Refused where it cannot be put into this phase now."""
    allowed = choices(execution)
    if to not in allowed:
        way_back = Phase(execution.phase).row.way_back if to == Phase.PENDING else ""
        possible = Said("Possible now: no other phase.")
        if allowed:
            possible = Said("Possible now: {phases}.", phases=", ".join(allowed))
        raise Refused(
            "wrong_phase",
            Said("It is {phase} and cannot be put into {to}.", phase=execution.phase, to=to[:40]),
            state=execution.phase,
            remedy=Said.together(way_back, possible),
        )


def _check(execution: Execution, to: Phase, reason: str) -> None:
    check_possible(execution, to)
    if not reason.strip():
        raise Refused(
            "invalid",
            "A reason is needed.",
            state=execution.phase,
            remedy="Say why, for the audit trail.",
        )


def _move(execution: Execution, actor: User, to: Phase, reason: str) -> Move:
    now = clock.now()
    event = report.plain(
        EventName.OVERRIDDEN,
        execution,
        now,
        actor.pk,
        reason=reason,
        before=str(execution.phase),
        after=str(to),
    )
    move = Move(
        execution.pk,
        Standing(frozenset({Phase(execution.phase)})),
        increments=("inbox", "token"),
        events=[event],
        owner_id=execution.owner_id,
        correlation_id=execution.correlation_id,
        at=now,
    )
    move.to(to, **_columns(execution, to, reason))
    if to in STOPPED_PHASES:
        move.steps = closed(execution.pk, now, outcome_unknown=execution.phase == Phase.IN_PROGRESS)
    if to == Phase.PENDING:
        move.ring = execution.queue
    return move


def _columns(execution: Execution, to: Phase, reason: str) -> Mapping[str, Any]:
    """The columns that an administrator's word sets beside the phase's own."""
    if to == Phase.PENDING:
        return BEGUN_ANEW
    if to == Phase.PAUSED:
        return {}
    if to != Phase.FAILED:
        return {"requires_manual_intervention": False}
    error = WorkflowError.standard(
        "runtime", f"An administrator declared it failed: {reason}"
    ).as_json()
    columns = report.failing(execution, error, execution.current_step)
    return {**columns, "requires_manual_intervention": True}
