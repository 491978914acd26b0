"""External runners that fell silent: said once, as an event that lands in the owner's inbox, until
they speak again.
"""

from __future__ import annotations

import structlog
from django.db.models import QuerySet

from executions import clock
from executions.driving import report
from executions.journal.causes import cause_of
from executions.journal.events import EventName
from executions.models import Execution
from executions.models.move import Move, Standing
from executions.models.moves import apply
from executions.states import Phase

MOST_PER_CHECK = 100
# The shape of the reason that runs of silent runners share.
SILENT = "its external runner is silent"
log = structlog.get_logger(__name__)


def note_silent_runners() -> int:
    """Mark executions whose runner was silent for longer than it may; how many were marked by this
    call.
    """
    silent = newly_silent().order_by("runner_due_at")[:MOST_PER_CHECK]
    return sum(_mark(execution) for execution in silent)


def newly_silent() -> QuerySet[Execution]:
    """The executions whose runner is silent, which was not said yet."""
    return Execution.objects.silent().filter(runner_silent_at=None)


def _mark(execution: Execution) -> bool:
    """The sequence guards: of several sweepers one marks, and a runner that spoke meanwhile is not
    marked.
    """
    now = clock.now()
    heard_at = report.timestamp(execution.runner_heard_at or execution.created_at)
    event = report.plain(
        EventName.RUNNER_SILENT,
        execution,
        now,
        last_heard_at=heard_at,
        allowed_seconds=execution.runner_silence_seconds,
    )
    move = Move(
        execution.pk,
        Standing(frozenset({Phase(execution.phase)}), execution.head_seq),
        columns={"runner_silent_at": now, "cause": cause_of(execution.subject_id, "", SILENT)},
        events=[event],
        owner_id=execution.owner_id,
        correlation_id=execution.correlation_id,
        at=now,
    )
    if apply(move) is None:
        return False
    log.warning(
        "external runner is silent", execution_id=execution.public_id, last_heard_at=heard_at
    )
    return True
