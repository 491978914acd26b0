"""Somebody knows of a failure. Nothing else changes: no step, no phase."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.models import User

from executions import audit
from executions.journal.events import EventName
from executions.models.transactions import persistent
from executions.states import Phase
from executions.verbs.deciding.case import Case
from executions.verbs.deciding.moving import noted
from executions.verbs.deciding.opening import Opening, Reads, opened


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
        reason,
        verifies=False,
        reads=Reads.NONE,
    )
    return opened(opening, _acknowledge)


def _acknowledge(case: Case) -> Phase:
    execution = case.execution
    said: dict[str, Any] = {"reason": case.reason} if case.reason else {}
    applied = noted(EventName.ACKNOWLEDGED, execution, case.actor.pk, **said)
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
