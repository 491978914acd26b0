"""An administrator's word on the phase of an execution, where no other verb fits. A reason is required.

The legal moves hold here as well (``executions.states.MOVES``). What only a worker can know, that it runs, waits or is
complete, cannot be said by anybody else; and the ways back from FAILED, PAUSED and CANCELLED are verbs of their own,
which know what in the journal has to be taken back.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.models import User

from executions import audit, clock
from executions.driving import report
from executions.errors import Refused, WorkflowError
from executions.models import Execution
from executions.models.move import Move, Standing
from executions.models.move_sql import AsJson
from executions.models.moves import apply
from executions.models.transactions import persistent
from executions.states import MOVES, Phase
from executions.verbs.deciding.case import Case
from executions.verbs.deciding.control import closed, ended
from executions.verbs.deciding.decisions import audited
from executions.verbs.deciding.opening import Opening, Reads

ONLY_A_WORKER = frozenset({Phase.IN_PROGRESS, Phase.WAITING, Phase.COMPLETED})
VERB = "override"
_WAYS_BACK = {
    Phase.FAILED: "Retry, skip or recover it.",
    Phase.PAUSED: "Resume it.",
    Phase.CANCELLED: "Restore it to a checkpoint.",
}


def choices(execution: Execution) -> list[Phase]:
    """The phases that an administrator may put this execution into now."""
    current = Phase(execution.phase)
    possible = MOVES[current] - ONLY_A_WORKER
    return sorted(possible - {Phase.PENDING} if current in _WAYS_BACK else possible)


@persistent
def override(execution_id: uuid.UUID, actor: User, to: Phase, *, expected_seq: int | None = None, reason: str) -> Phase:
    """Put it into this phase; whoever drives it is shut out at once. Raises Refused."""

    def work(case: Case) -> Phase:
        execution = case.execution
        _check(execution, to, reason)
        applied = apply(_move(execution, actor, to, reason))
        if applied is None:
            raise Refused("stale", "Somebody else was faster.", remedy="Look at what changed, then decide again.")
        after = {"phase": str(to), "seq": applied.head_seq}
        audit.record(VERB, execution, actor, before=audit.state(execution), after=after, reason=reason)
        return to

    # What ends or holds a run has to be possible whatever became of its journal.
    verifies = to == Phase.PENDING
    opening = Opening(execution_id, actor, VERB, expected_seq, frozenset(Phase), reason, verifies, reads=Reads.NONE)
    return audited(opening, work)


def _check(execution: Execution, to: Phase, reason: str) -> None:
    allowed = choices(execution)
    if to not in allowed:
        way_back = _WAYS_BACK.get(Phase(execution.phase), "") if to == Phase.PENDING else ""
        possible = f"Possible now: {', '.join(allowed) or 'no other phase'}."
        raise Refused("wrong_phase", f"It is {execution.phase} and cannot be put into {to}.", state=execution.phase,
                      remedy=f"{way_back} {possible}".strip())  # fmt: skip
    if not reason.strip():
        raise Refused("invalid", "A reason is needed.", state=execution.phase, remedy="Say why, for the audit trail.")


def _move(execution: Execution, actor: User, to: Phase, reason: str) -> Move:
    now = clock.now()
    event = report.plain(
        report.OVERRIDDEN, execution, now, actor.pk, reason=reason, before=str(execution.phase), after=str(to)
    )
    event.notify_owner = actor.pk != execution.owner_id
    move = Move(
        execution.pk,
        Standing(frozenset({Phase(execution.phase)})),
        to=to,
        increments=("inbox", "token"),
        events=[event],
        owner_id=execution.owner_id,
        correlation_id=execution.correlation_id,
        at=now,
    )
    move.columns = _columns(execution, to, reason)
    if to in (Phase.CANCELLED, Phase.TERMINATED):
        move.steps = closed(execution.pk, now, outcome_unknown=execution.phase == Phase.IN_PROGRESS)
    if to == Phase.PENDING:
        move.ring = execution.queue
    return move


def _columns(execution: Execution, to: Phase, reason: str) -> dict[str, Any]:
    now = clock.now()
    if to == Phase.PENDING:
        return {
            "wake_at": now, "waiting_for": "", "rung_at": None, "process_id": None, "ended_at": None, "failed_at": None,
            "error": None, "failure_reason": "", "requires_manual_intervention": False, "crashes": None,
        }  # fmt: skip
    if to == Phase.PAUSED:
        return {"wake_at": None, "waiting_for": "", "pause_asked_at": None, "process_id": None}
    if to == Phase.FAILED:
        error = WorkflowError.standard("runtime", f"An administrator declared it failed: {reason}").as_json()
        return {
            **ended(now), "failed_at": now, "error": AsJson(error), "failure_reason": report.failure_reason(error),
            "requires_manual_intervention": True,
        }  # fmt: skip
    return {**ended(now), "requires_manual_intervention": False}
