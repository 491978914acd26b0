"""Somebody knows of a failure. Nothing else changes: no step, no phase."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import User

from executions import audit, clock
from executions.driving import report
from executions.errors import Refused
from executions.journal.events import EventName
from executions.models.move import Move, Standing
from executions.models.moves import apply
from executions.models.transactions import persistent
from executions.states import Phase
from executions.verbs.deciding.case import Case
from executions.verbs.deciding.opening import Opening, Reads, opened

FAILED = frozenset({Phase.FAILED})


@persistent
def acknowledge(
    execution_id: uuid.UUID, actor: User, *, expected_seq: int | None = None, reason: str = ""
) -> Phase:
    """Keep that this person knows of the failure. Raises Refused."""
    opening = Opening(
        execution_id,
        actor,
        "acknowledge",
        expected_seq,
        FAILED,
        reason,
        verifies=False,
        reads=Reads.NONE,
    )
    return opened(opening, _acknowledge)


def _acknowledge(case: Case) -> Phase:
    execution, now = case.execution, clock.now()
    said = {"reason": case.reason} if case.reason else {}
    told = report.plain(EventName.ACKNOWLEDGED, execution, now, case.actor.pk, **said)
    move = Move(
        execution.pk,
        Standing(FAILED, execution.head_seq),
        events=[told],
        owner_id=execution.owner_id,
        correlation_id=execution.correlation_id,
        at=now,
    )
    applied = apply(move)
    if applied is None:
        raise Refused(
            "stale", "Somebody else was faster.", remedy="Look at what changed, then decide again."
        )
    after = {"phase": str(Phase.FAILED), "seq": applied.head_seq}
    audit.record(
        case.verb,
        execution,
        case.actor,
        before=audit.state(execution),
        after=after,
        reason=case.reason,
    )
    return Phase.FAILED
