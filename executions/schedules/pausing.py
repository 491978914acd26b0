"""Stigmer pauses a schedule: the row says why, the trail keeps it, its owner is told."""

from __future__ import annotations

import structlog

from executions import audit, clock
from executions.driving import report
from executions.journal.events import EventName
from executions.models import Execution, Schedule
from executions.models.move import Move, Standing
from executions.models.moves import apply
from executions.models.schedule import ScheduleState
from executions.outbound import telling
from executions.states import Phase

LONGEST_REASON = 500
log = structlog.get_logger(__name__)


def pause(schedule: Schedule, reason: str) -> None:
    """Pause it, in the transaction that is open, which holds its lock."""
    schedule.state, schedule.reason = ScheduleState.PAUSED, reason[:LONGEST_REASON]
    schedule.next_due_at, schedule.state_at = None, clock.now()
    schedule.save(update_fields=["state", "reason", "next_due_at", "state_at"])
    log.warning("schedule paused", schedule=schedule.public_id, reason=reason)
    last = Execution.objects.filter(occurrence__schedule=schedule).order_by("-pk").first()
    if last is not None:
        _tell(schedule, last)
    else:
        telling.of_schedule(schedule)
    audit.record_installation("pause schedule", schedule.public_id, None, reason=schedule.reason)


def _tell(schedule: Schedule, last: Execution) -> None:
    """Its last run says so in its history, from where the inbox has it."""
    now = clock.now()
    said = {"schedule": schedule.name, "reason": schedule.reason}
    move = Move(
        last.pk,
        Standing(frozenset(Phase)),
        events=[report.plain(EventName.SCHEDULE_PAUSED, last, now, None, **said)],
        owner_id=schedule.owner_id,
        correlation_id=last.correlation_id,
        at=now,
    )
    apply(move)
