"""Attempts that show no progress: their owner is told, and what a person says to it is carried out.

The worker that makes an attempt knows alone how long it has been silent, so that it tells of it. A
notice is no failure: the attempt goes on to its time limit, unless a person has it broken off.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog

from executions import clock
from executions.driving import report
from executions.driving.attempts.running import Running, Silent
from executions.journal.events import EventName
from executions.models import Execution, Stall, Step
from executions.models.move import Lease, Move
from executions.models.moves import apply
from executions.models.transactions import atomic, run_tx

# An attempt that has not ended for so long shows no progress. One that tells what it does by itself
# (an answer that streams, a command) has limits of its own.
STALL_SECONDS = 30.0
# Its own time limit is near: that tells.
NEAR_SECONDS = 30.0
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Stalls:
    """The look of one worker at its own attempts."""

    running: Running

    def look(self) -> None:
        """Tell of attempts that show no progress now, and heed what was said to those told of."""
        silent = self.running.silent(STALL_SECONDS, NEAR_SECONDS)
        if not silent:
            return
        rows = Stall.objects.filter(execution__in={each.execution_id for each in silent})
        by_attempt = {
            (row.execution_id, row.step.path, row.number): row
            for row in rows.select_related("step")
        }
        for each in silent:
            row = by_attempt.get((each.execution_id, each.path, each.number))
            if row is not None and row.break_off_at is not None:
                self.running.break_off(each)
            elif row is None or _is_over(row):
                with suppress(_Moved):
                    run_tx(partial(_tell, each))


def _is_over(row: Stall) -> bool:
    """Whether somebody waited on, and long enough."""
    return row.quiet_until is not None and row.quiet_until <= clock.now()


def _tell(silent: Silent) -> None:
    """Write it down and tell the owner, once for each silence."""
    with atomic():
        execution = Execution.objects.select_related("workflow", "agent").get(
            pk=silent.execution_id
        )
        step = Step.objects.filter(
            execution=execution, path=silent.path, superseded_by=None, attempt=silent.number
        ).first()
        if step is None or not _noted(execution.pk, step, silent):
            return
        move = Move(
            execution.pk,
            Lease(silent.token),
            events=[
                report.plain(
                    EventName.STALLED,
                    execution,
                    clock.now(),
                    step_name=step.name,
                    path=step.path,
                    attempt=silent.number,
                    seconds=round(silent.seconds),
                )
            ],
            owner_id=execution.owner_id,
            correlation_id=execution.correlation_id,
        )
        if apply(move) is None:
            raise _Moved
    log.warning("an attempt shows no progress", execution=execution.public_id, path=silent.path)


class _Moved(Exception):
    """Somebody else holds the run now."""


def _noted(execution_id: uuid.UUID, step: Step, silent: Silent) -> bool:
    now = clock.now()
    telling = {"told_at": now, "quiet_until": None}
    over = Stall.objects.filter(step=step, number=silent.number, quiet_until__lte=now)
    if over.update(**telling):
        return True
    _, is_new = Stall.objects.get_or_create(
        step=step,
        number=silent.number,
        defaults={
            "execution_id": execution_id,
            "began_at": now - timedelta(seconds=silent.seconds),
            "ends_at": now + timedelta(seconds=silent.seconds_left),
            "why_not": silent.why_not,
            **telling,
        },
    )
    return is_new
