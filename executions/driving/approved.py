"""Approvals for the rest of a run: which count, and how one is taken back."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

import structlog
from django.contrib.auth.models import User

from executions import audit, policy
from executions.agents.asking import approved_for_the_rest
from executions.driving.lease import load_records
from executions.errors import Refused
from executions.journal.records import StepRecord
from executions.models import Execution, TakenBack
from executions.models.transactions import atomic, persistent
from executions.states import ENDED_PHASES

log = structlog.get_logger(__name__)


def is_taken_back(execution: uuid.UUID, tool: str, since: str) -> bool:
    """Whether the approval of this tool, given at ``since``, was taken back."""
    rows = TakenBack.objects.filter(execution=execution, tool=tool)
    return rows.filter(at__gte=datetime.fromisoformat(since)).exists()


def standing(execution: Execution, records: Iterable[StepRecord]) -> list[str]:
    """The tools of this run that ask nobody any more."""
    approvals = approved_for_the_rest(records)
    return sorted(
        tool for tool, since in approvals.items() if not is_taken_back(execution.pk, tool, since)
    )


@persistent
def take_back(execution: Execution, actor: User, tool: str) -> None:
    """From its next call on this tool asks again. Raises Refused."""
    if not policy.can(actor, "cancel", execution):
        raise Refused("forbidden", "You may see this run, but not decide what it may do.")
    if execution.phase in ENDED_PHASES:
        raise Refused("conflict", f"It is {execution.phase}.", state=execution.phase)
    if tool not in standing(execution, load_records(execution.pk)):
        raise Refused("conflict", f"{tool[:64]!r} is not approved for the rest of this run.")
    with atomic():
        locked = Execution.objects.select_for_update(of=("self",)).get(pk=execution.pk)
        TakenBack.objects.create(execution=locked, tool=tool, actor=actor)
        before = audit.state(locked)
        audit.record("take_back", locked, actor, before=before, reason=f"the approval of {tool}")
    log.info("approval taken back", execution_id=execution.public_id, tool=tool, user=actor.pk)
