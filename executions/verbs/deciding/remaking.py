"""The workspace of a run is made again on another host, as the one that holds it is away."""

from __future__ import annotations

import uuid
from datetime import timedelta
from functools import partial

import structlog
from django.contrib.auth.models import User
from django.db.models import F

from executions import clock
from executions.driving import report
from executions.errors import Refused
from executions.journal.events import EventName
from executions.journal.paths import WORKSPACE
from executions.models import Execution, Workspace, away
from executions.models.transactions import persistent
from executions.said import Said
from executions.states import UNDER_WAY, Phase
from executions.verbs.deciding.case import Case, write
from executions.verbs.deciding.opening import Opening, opened
from executions.workspaces import rows

MOST = 100
log = structlog.get_logger(__name__)
VERB = "remake workspace"
_FROM_THE_BEGINNING = (
    "Start a worker there; or pause it and have it restored to its beginning; or cancel it and run"
    " it again with the same input."
)


@persistent
def remake_workspace(
    execution_id: uuid.UUID, actor: User, *, expected_seq: int | None = None, reason: str = ""
) -> Phase:
    """Let the step that made it run again, wherever a worker takes the run: the folder is filled
    with what was stored after the last finished command. Raises Refused.
    """
    opening = Opening(execution_id, actor, VERB, expected_seq, reason)
    return opened(opening, _remake)


@persistent
def remake_by_rule(execution_id: uuid.UUID, reason: str) -> Phase:
    """The same as the workflow says, in its owner's name and by nobody's hand. Raises Refused."""
    owner = Execution.objects.select_related("owner").get(pk=execution_id).owner
    opening = Opening(execution_id, owner, VERB, None, reason, is_by_rule=True)
    return opened(opening, partial(_remake, by_rule=True))


def remake_the_late(most: int = MOST) -> int:
    """Make again what its workflow says may be, once its host was away for so long; how many."""
    count = 0
    rows_ = Workspace.objects.exclude(remake_after_seconds=None).exclude(repository="")
    bound = rows_.filter(execution__phase__in=UNDER_WAY, execution__host=F("host"))
    for workspace in bound.select_related("execution")[:most]:
        missing = away.host_of(workspace.execution)
        after = timedelta(seconds=workspace.remake_after_seconds or 0.0)
        if missing is None or (missing.heard_at or workspace.created_at) + after > clock.now():
            continue
        reason = f"no worker was heard of on {missing.host} for {after}, as its workflow says"
        try:
            remake_by_rule(workspace.execution_id, reason)
            count += 1
        except Refused as problem:
            # It moved on meanwhile, or a person has to look at it.
            log.info("a workspace is not made again", workspace=str(workspace), why=problem.text)
    return count


def _remake(case: Case, *, by_rule: bool = False) -> Phase:
    execution = case.execution
    missing = away.host_of(execution)
    if missing is None:
        raise Refused(
            "conflict",
            "It does not wait for a host.",
            state=execution.phase,
            remedy="Its page says what it waits for.",
        )
    workspace = Workspace.objects.filter(execution_id=execution.pk).first()
    record = case.records.get(WORKSPACE)
    is_made = record is not None and record.is_finished()
    if is_made and workspace is not None and not workspace.repository:
        raise Refused(
            "conflict",
            Said(
                "Its workspace is a temporary folder on {host}: nothing of it"
                " was stored elsewhere.",
                host=missing.host,
            ),
            state=execution.phase,
            remedy=_FROM_THE_BEGINNING,
        )
    case.by_rule = by_rule
    case.columns = {
        "host": "",
        "retry_count": execution.retry_count,
        "timeout_at": execution.timeout_at,
        "cancel_asked_at": execution.cancel_asked_at,
        "pause_asked_at": execution.pause_asked_at,
    }
    if record is not None:
        case.reopen(record)
        rows.lost(execution.pk)
    event = report.plain(
        EventName.WORKSPACE_REMADE,
        execution,
        clock.now(),
        None if by_rule else case.actor.pk,
        host=missing.host,
        commit=workspace.saved_commit if workspace is not None else "",
        reason=case.reason,
    )
    return write(case, [event], stays=execution.phase == Phase.PENDING).phase
