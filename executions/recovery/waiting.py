"""The executions that wait for a worker, as the database knows them: due, or left behind by a dead
process.

Owners come in turn.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, F, QuerySet, Value, When, Window
from django.db.models.functions import Now, RowNumber

from executions.dispatch import QUEUES
from executions.models import Execution, claiming
from executions.models.claiming import left_to_us
from executions.models.execution import ExecutionQuerySet
from executions.states import Phase, Runner

# So long after a death the bells of the sweep are given to be heard.
BELL_SECONDS = 1.0
_RANK = Case(
    *(When(queue=name, then=Value(rank)) for rank, name in enumerate(QUEUES)), default=Value(1)
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One execution that a worker may take; ``turn`` counts its owner's from 1, the one that is due
    longest first.
    """

    execution_id: uuid.UUID
    owner_id: int
    turn: int


def due(most: int, process_id: uuid.UUID) -> list[Waiting]:
    """The executions that are due now and that this process may take: everybody's first, then
    everybody's second; of equal turn the better queue first.
    """
    return _in_turn(rows_due(process_id), "wake_at", most)


def left_behind(most: int) -> list[Waiting]:
    """The executions that dead processes left and nobody took, though the sweep rang for them: a
    bell may be lost.
    """
    return _in_turn(rows_left_behind(), "id", most)


def rows_due(process_id: uuid.UUID) -> ExecutionQuerySet:
    """One that has to be driven alone is not taken beside others (recovery.rings), and what a newer
    Stigmer began not at all: it would stand before what can be taken.

    A run whose walk another process keeps is left to that one for a moment.
    """
    late = Now() - timedelta(seconds=claiming.KEEPER_SECONDS)
    return Execution.objects.due().takable(alone=False).filter(left_to_us(process_id, late))


def rows_left_behind() -> ExecutionQuerySet:
    """Of those too, what dead processes left and no bell brought to anybody."""
    late = Now() - timedelta(seconds=BELL_SECONDS)
    orphaned = Execution.objects.orphaned().filter(process__dead_at__lt=late)
    return orphaned.takable(alone=False)


def next_moment(seconds: float) -> datetime | None:
    """When the next timer ends, if that is within so many seconds."""
    return timers_within(seconds).first()


def timers_within(seconds: float) -> QuerySet[Execution, datetime | None]:
    """When timers end that end within so many seconds, the next one first."""
    timers = Execution.objects.filter(phase=Phase.WAITING, runner=Runner.OURS, wake_at__gt=Now())
    soon = timers.filter(wake_at__lt=Now() + timedelta(seconds=seconds))
    return soon.order_by("wake_at").values_list("wake_at", flat=True)


def _in_turn(rows: ExecutionQuerySet, order: str, most: int) -> list[Waiting]:
    turn = Window(RowNumber(), partition_by=F("owner_id"), order_by=[_RANK, order])
    ranked = rows.annotate(turn=turn, rank=_RANK).order_by("turn", "rank", order)
    return [Waiting(*row) for row in ranked.values_list("pk", "owner_id", "turn")[:most]]
