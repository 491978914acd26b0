"""An administrator's word on the phase of an execution, where no other verb fits. A reason is required.

The legal moves hold here as well (``executions.states.MOVES``). What only a worker can know, that it runs, waits or is
complete, cannot be said by anybody else.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from executions import audit
from executions.engine import report
from executions.engine.case import check_allowed, check_fresh
from executions.engine.control import closed, ended
from executions.engine.store import refusable
from executions.errors import Refused, WorkflowError
from executions.models import Execution
from executions.models.move import Move, Standing
from executions.models.move_sql import AsJson
from executions.models.moves import apply
from executions.states import MOVES, Phase

ONLY_A_WORKER = frozenset({Phase.IN_PROGRESS, Phase.WAITING, Phase.COMPLETED})


def choices(execution: Execution) -> list[Phase]:
    """The phases that an administrator may put this execution into now."""
    return sorted(MOVES[Phase(execution.phase)] - ONLY_A_WORKER)


@refusable
def override(execution_id: uuid.UUID, actor: User, to: Phase, *, expected_seq: int | None = None, reason: str) -> Phase:
    """Put it into this phase; whoever drives it is shut out at once. Raises Refused."""
    with transaction.atomic():
        execution = Execution.objects.select_for_update(of=("self",)).get(pk=execution_id)
        check_allowed(execution, actor, "override")
        check_fresh(execution, expected_seq)
        _check(execution, to, reason)
        move = _move(execution, actor, to, reason)
        applied = apply(move)
        if applied is None:
            raise Refused("stale", "Somebody else was faster.", remedy="Look at what changed, then decide again.")
        after = {"phase": str(to), "seq": applied.head_seq}
        audit.record("override", execution, actor, before=audit.state(execution), after=after, reason=reason)
    return to


def _check(execution: Execution, to: Phase, reason: str) -> None:
    allowed = choices(execution)
    if to not in allowed:
        listed = ", ".join(allowed) or "no other phase"
        raise Refused("wrong_phase", f"It is {execution.phase} and cannot be put into {to}.", state=execution.phase,
                      remedy=f"Possible now: {listed}.")  # fmt: skip
    if not reason.strip():
        raise Refused("invalid", "A reason is needed.", state=execution.phase, remedy="Say why, for the audit trail.")


def _move(execution: Execution, actor: User, to: Phase, reason: str) -> Move:
    now = timezone.now()
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
    now = timezone.now()
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
