"""Ringing again for what is due or left behind: at most so many, the oldest first, owners in
turn.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db.models import F, Q, Subquery, Window
from django.db.models.functions import Now, RowNumber

from executions import dispatch
from executions.intake.fairness import queue_of_first_bell
from executions.models import Execution, Process
from executions.models.execution import ExecutionQuerySet
from executions.models.transactions import atomic

# A bell that was rung on commit gets this long before the sweep rings as well.
GRACE_SECONDS = 2.0
# After a death less: the bell may have been in the hands of who died.
URGENT_GRACE_SECONDS = 0.2
FORESIGHT_SECONDS = 5.0
FIELDS = ("pk", "kind", "queue", "token", "owner_id", "current_step")
log = structlog.get_logger(__name__)


def ring_for_orphans(most: int) -> int:
    """Ring for what dead processes left behind. How many rang."""
    # No bell names a host: the workers of one look each second for what only they may take.
    stamped = _stamp(rows_orphaned(), "id", most)
    for execution in stamped:
        log.warning(
            "orphaned execution found", execution_id=execution.public_id, token=execution.token
        )
    return _ring(stamped)


def ring_for_due(most: int, *, grace_seconds: float = GRACE_SECONDS) -> int:
    """Ring for what is due and nobody has taken. How many rang."""
    return _ring(_stamp(rows_late(grace_seconds), "wake_at", most))


def rows_orphaned() -> ExecutionQuerySet:
    """The executions that dead processes left behind, and that this host may drive."""
    return Execution.objects.orphaned().near()


def rows_late(grace_seconds: float) -> ExecutionQuerySet:
    """Those that this host may drive and that were due so long ago."""
    late = Now() - timedelta(seconds=grace_seconds)
    return Execution.objects.due().near().filter(wake_at__lt=late)


def to_be_driven_alone(most: int) -> list[Execution]:
    """The executions that are due or left behind and have to be driven alone, for this worker; no
    other is given them meanwhile.
    """
    if most <= 0:
        return []
    stamped = _stamp(Execution.objects.due().takable(alone=True), "wake_at", most)
    return stamped + _stamp(Execution.objects.orphaned().takable(alone=True), "id", most)


def _stamp(rows: ExecutionQuerySet, order: str, most: int) -> list[Execution]:
    """Say of the next ``most`` that they are rung for, in one transaction: of several sweepers one
    rings for each.
    """
    wanted = rows.filter(_not_just_rung())
    ids = [execution.pk for execution in _in_turn(wanted, order)[:most]]
    if not ids:
        return []
    with atomic():
        free = (
            wanted.filter(pk__in=ids)
            .only(*FIELDS)
            .select_for_update(skip_locked=True, of=("self",))
        )
        by_key = {execution.pk: execution for execution in free}
        Execution.objects.filter(pk__in=by_key).update(rung_at=Now())
    return [by_key[pk] for pk in ids if pk in by_key]


def _in_turn(rows: ExecutionQuerySet, order: str) -> Any:
    """Everybody's first before anybody's second, so that one owner's many do not keep the others
    waiting.
    """
    turn = Window(RowNumber(), partition_by=F("owner_id"), order_by=order)
    return rows.only("pk").annotate(turn=turn).order_by("turn", order)


def _not_just_rung() -> Q:
    """Not rung for, or long ago, or before somebody died, who may have had the bell in hand."""
    long_ago = Q(rung_at__lt=Now() - timedelta(seconds=settings.STIGMER_RING_AGAIN_SECONDS))
    deaths = (
        Process.objects.filter(dead_at__isnull=False).order_by("-dead_at").values("dead_at")[:1]
    )
    # Of a clock that was set back since.
    to_come = Q(rung_at__gt=Now() + timedelta(seconds=FORESIGHT_SECONDS))
    return Q(rung_at=None) | long_ago | to_come | Q(rung_at__lt=Subquery(deaths))


def _ring(stamped: list[Execution]) -> int:
    """Ring for each. The next sweep tries again where Redis did not take it."""
    unheard = [execution for execution in stamped if not _ring_one(execution)]
    for execution in unheard:
        Execution.objects.filter(pk=execution.pk, token=execution.token).update(rung_at=None)
    return len(stamped) - len(unheard)


def _ring_one(execution: Execution) -> bool:
    queue = execution.queue if execution.token else queue_of_first_bell(execution)
    return dispatch.ring(execution.pk, queue, execution.owner_id)
