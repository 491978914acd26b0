"""The row about parked runs: what a hundred thousand that wait cost a sweep and workers at rest."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.one import cpu_seconds
from tests.waiting import until

if TYPE_CHECKING:
    from uuid import UUID

    from benchmarks.load import Load
    from benchmarks.rows import Bench, Figures

PARKED, WORKERS, SWEEPS = 100_000, 2, 9
SETTLE_SECONDS, REST_SECONDS = 8.0, 20.0
WAITS = {
    "timer": "- rest: {wait: {days: 20}}\n",
    "person": (
        "- ask: {call: human, with: {prompt: 'Go on?', form: {type: object, properties: {}}}}\n"
    ),
}


def parked(bench: Bench) -> Figures:
    """A sweep, and the processor time of workers at rest, with an empty database and with so many
    runs that wait: half of them for a timer, half for a person. Rows are copied, not driven.
    """
    from django.contrib.auth.models import User

    from benchmarks.scale import OWNERS
    from executions.recovery.violations import lost

    many = bench.many(PARKED)
    User.objects.bulk_create(User(username=f"owner-{number}") for number in range(OWNERS))
    with bench.workers(WORKERS) as pids:
        patterns = {name: bench.workflow(f"parked-{name}", text) for name, text in WAITS.items()}
        keys = {name: _waiting(work) for name, work in patterns.items()}
        figures = {f"empty_{name}": value for name, value in _measured(pids).items()}
        _fill(keys, many)
        figures |= _measured(pids)
    assert not any(rows.exists() for rows in lost().values()), "a copy is not parked as its pattern"
    return {"parked": many, **figures}


def _waiting(work: Load) -> UUID:
    from executions.models import Execution
    from executions.states import Phase

    execution = work.one()
    waits = Execution.objects.filter(pk=execution.pk, phase=Phase.WAITING)
    until(waits.exists, what="the pattern waits")
    return execution.pk


def _measured(pids: list[int]) -> Figures:
    """The middle of some sweeps; of each worker at rest the percentage of a core."""
    from executions.recovery.processes import Watch
    from executions.recovery.sweep import Sweep

    time.sleep(SETTLE_SECONDS)
    used, began = cpu_seconds(pids), time.monotonic()
    time.sleep(REST_SECONDS)
    share = (cpu_seconds(pids) - used) / (time.monotonic() - began) / len(pids)
    sweep, took = Sweep(Watch()), list[float]()
    for _ in range(SWEEPS):
        at = time.perf_counter()
        sweep.go()
        took.append(time.perf_counter() - at)
    return {
        "sweep_ms": round(median(took) * 1000, 2),
        "cpu_percent_a_worker": round(share * 100, 2),
    }


def _fill(keys: dict[str, UUID], many: int) -> None:
    from django.db import connection

    from benchmarks.scale import copy_run

    with connection.cursor() as cursor:
        # Foreign keys of copies are those of their patterns.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET statement_timeout = 0")
        for name, key in keys.items():
            copy_run(cursor, key, f"parked-{name}", many // len(keys))
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM (ANALYZE)")
    connection.close()
