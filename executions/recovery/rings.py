"""Ringing again for what is due or left behind: at most so many, the oldest first, owners in turn."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db.models import F, Q, Window
from django.db.models.functions import Now, RowNumber

from executions import dispatch
from executions.models import Execution
from executions.models.execution import ExecutionQuerySet

# A bell that was rung on commit gets this long before the sweep rings as well.
GRACE_SECONDS = 2.0
# After a death less: the bell may have been in the hands of who died.
URGENT_GRACE_SECONDS = 0.2
FORESIGHT_SECONDS = 5.0
log = structlog.get_logger(__name__)


def ring_for_orphans(most: int) -> int:
    """Ring for what dead processes left behind. How many rang."""
    found = _in_turn(Execution.objects.orphaned().filter(_not_just_rung()), "id")[:most]
    for execution in found:
        log.warning("orphaned execution found", execution_id=execution.public_id, token=execution.token)
    return sum(_ring(execution) for execution in found)


def ring_for_due(most: int, *, grace_seconds: float = GRACE_SECONDS) -> int:
    """Ring for what is due and nobody has taken. How many rang."""
    late = Now() - timedelta(seconds=grace_seconds)
    due = Execution.objects.due().filter(_not_just_rung(), wake_at__lt=late)
    return sum(_ring(execution) for execution in _in_turn(due, "wake_at")[:most])


def _in_turn(rows: ExecutionQuerySet, order: str) -> Any:
    """Everybody's first before anybody's second, so that one owner's many do not keep the others waiting."""
    turn = Window(RowNumber(), partition_by=F("owner_id"), order_by=order)
    return rows.only("pk", "kind", "queue", "token").annotate(turn=turn).order_by("turn", order)


def _not_just_rung() -> Q:
    long_ago = Q(rung_at__lt=Now() - timedelta(seconds=settings.STIGMER_RING_AGAIN_SECONDS))
    # Of a clock that was set back since.
    return Q(rung_at=None) | long_ago | Q(rung_at__gt=Now() + timedelta(seconds=FORESIGHT_SECONDS))


def _ring(execution: Execution) -> bool:
    """Stamp first: of several sweepers one rings. Where Redis did not take it, the next sweep tries again."""
    # The time that was read is no guard: SQLite writes it with milliseconds and compares it as text.
    stamped = Execution.objects.filter(_not_just_rung(), pk=execution.pk, token=execution.token)
    if not stamped.update(rung_at=Now()):
        return False
    rang = dispatch.ring(execution.pk, execution.queue)
    if not rang:
        Execution.objects.filter(pk=execution.pk, token=execution.token).update(rung_at=None)
    return rang
