"""The condition under which a process may take an execution, said once: for the claim itself, and
for searches for claimable ones.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import DateTimeField, Exists, Func, Q, Value
from django.db.models.sql.query import Query

from executions import clock, worker_identity
from executions.journal.records import JOURNAL_FORMAT
from executions.models.move import Claim
from executions.models.process import Process
from executions.models.rows import adapt
from executions.states import Phase, Runner
from executions.vendor import vendor

_UNTOUCHED = " AND token = 0 AND head_digest = ''"
# So long after its moment a waiting run is left to the process that keeps its walk
# (executions.driving.suspended): there it costs the same however long its journal is, and elsewhere
# it is walked from the top.
KEEPER_SECONDS = 0.25
# Stand in the compiled condition for what each claim puts there.
_AT, _LATE = datetime(2000, 1, 1, tzinfo=UTC), datetime(2000, 1, 2, tzinfo=UTC)
_PROCESS = uuid.UUID(int=0)


def takable(*, alone: bool, journal_format: int = JOURNAL_FORMAT, host: str | None = None) -> Q:
    """Whether this kind of process may drive it at all: one that drives nothing else takes what has
    to be driven ``alone``, what a newer Stigmer began is left to a newer Stigmer, and what has a
    workspace goes on at the ``host`` that holds it (None: this one).
    """
    hosts = ("", worker_identity.host() if host is None else host)
    return Q(runner=Runner.OURS, alone=alone, journal_format__lte=journal_format, host__in=hosts)


def left_behind() -> Q:
    """In progress in the hands of a process that is dead."""
    return Q(phase=Phase.IN_PROGRESS, process__in=Process.objects.filter(dead_at__isnull=False))


def left_to_us(process_id: uuid.UUID, late: Any) -> Q:
    """No other process keeps its walk, or its moment was before ``late``."""
    return Q(kept_by=None) | Q(kept_by=process_id) | Q(wake_at__lt=late)


def where(claim: Claim) -> tuple[str, list[Any]]:
    """The condition of a claim as SQL over the columns of the execution, and its values."""
    sql, values = _compiled(vendor(), claim.alone, claim.journal_format, claim.host)
    now = clock.now()
    late = now - timedelta(seconds=KEEPER_SECONDS)
    real = {_AT: adapt(now), _LATE: adapt(late), _PROCESS: adapt(claim.process_id)}
    values = [real.get(value, value) for value in values]
    return f"{sql}{_UNTOUCHED}" if claim.untouched else sql, values


@cache
def _compiled(database: str, alone: bool, journal_format: int, host: str) -> tuple[str, list[Any]]:
    """Its SQL and its values, of which some stand for those of each claim."""
    from executions.models.execution import Execution

    query = Query(Execution, alias_cols=False)
    node = query.build_where(_claimable(database, alone, journal_format, host))
    sql, values = query.get_compiler(connection=connection).compile(node)
    stand_ins = {adapt(each): each for each in (_AT, _LATE, _PROCESS)}
    values = [value.value if isinstance(value, Phase | Runner) else value for value in values]
    return sql, [stand_ins.get(value, value) for value in values]


def _claimable(database: str, alone: bool, journal_format: int, host: str) -> Q:
    at: Any = Value(_AT, DateTimeField())
    if database == "postgresql":
        # By the database's own time: whoever rang saw that it was due, and a clock behind must not
        # miss its bell.
        at = Func(
            Func(function="CLOCK_TIMESTAMP"), at, function="GREATEST", output_field=DateTimeField()
        )
    due = Q(phase=Phase.PENDING) | Q(phase=Phase.WAITING, wake_at__lte=at)
    # A process that woke up after it was declared dead takes nothing in the moment before its pulse
    # ends it.
    lives = Q(Exists(Process.objects.filter(pk=_PROCESS, dead_at=None)))
    may = takable(alone=alone, journal_format=journal_format, host=host)
    ours = left_to_us(_PROCESS, Value(_LATE, DateTimeField()))
    return may & (due | left_behind()) & ours & lives
