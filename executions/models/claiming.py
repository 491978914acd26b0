"""The condition under which a process may take an execution, said once: for the claim itself, and
for searches for claimable ones.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
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
# Stand in the compiled condition for what each claim puts there.
_AT, _PROCESS = datetime(2000, 1, 1, tzinfo=UTC), uuid.UUID(int=0)


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


def where(claim: Claim) -> tuple[str, list[Any]]:
    """The condition of a claim as SQL over the columns of the execution, and its values."""
    sql, values, at, process = _compiled(vendor(), claim.alone, claim.journal_format, claim.host)
    values = list(values)
    values[at], values[process] = adapt(clock.now()), adapt(claim.process_id)
    return f"{sql}{_UNTOUCHED}" if claim.untouched else sql, values


@cache
def _compiled(
    database: str, alone: bool, journal_format: int, host: str
) -> tuple[str, list[Any], int, int]:
    """Its SQL, its values, and where among them the moment and the process stand."""
    from executions.models.execution import Execution

    query = Query(Execution, alias_cols=False)
    node = query.build_where(_claimable(database, alone, journal_format, host))
    sql, values = query.get_compiler(connection=connection).compile(node)
    values = [value.value if isinstance(value, Phase | Runner) else value for value in values]
    return sql, values, values.index(adapt(_AT)), values.index(adapt(_PROCESS))


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
    return may & (due | left_behind()) & lives
