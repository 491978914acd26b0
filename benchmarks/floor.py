"""The floor: the very rows that the engine wrote, written again by as many processes with nothing
around them.

The statements are recorded while the engine drives executions in this process, the rows are put
back as they were, and then the statements run raw: one statement per step boundary on PostgreSQL,
one transaction per boundary on SQLite (which has no statement that changes several tables).
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import timedelta
from typing import Any

import redis
from django.conf import settings
from django.db import connection, connections
from django.utils import timezone

from benchmarks.load import Load
from executions.driving.attempts.running import Running
from executions.driving.driver import advance
from executions.driving.store import Here
from executions.models import Event, Execution, Process, Step
from executions.models.prepared_statements import as_text, numbered
from executions.states import Phase
from stigmer_site.databases import SQLITE_PRAGMAS

START_SECONDS = 30
Statement = tuple[str, Sequence[Any]]
Boundary = list[Statement]


def recorded(load: Load, count: int) -> list[list[Boundary]]:
    """The boundaries of ``count`` executions, whose rows are as before their first one again."""
    process = Process.objects.create(kind="bench", host="here", pid=0)
    plans: list[list[Boundary]] = []
    for execution_id in [load.one().pk for _ in range(count)]:
        plan: list[Boundary] = []

        def note(
            execute: Callable[..., Any],
            sql: str,
            params: Any,
            many: bool,
            context: Any,
            plan: Any = plan,
        ) -> Any:
            if sql.startswith(("UPDATE executions_execution", "WITH held")):
                plan.append([])
            if sql.startswith(("UPDATE", "INSERT", "WITH held")):
                plan[-1].append((sql, tuple(params)))
            return execute(sql, params, many, context)

        with connection.execute_wrapper(note):
            advance(execution_id, process_id=process.pk, store=Here(), running=Running())
        plans.append(plan)
    _put_back()
    return plans


def clear() -> None:
    """Nothing of all this is left to the workers, neither rows nor bells."""
    for rows in (Step.objects, Event.objects, Execution.objects, Process.objects):
        rows.all().delete()
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushall()


def _put_back() -> None:
    Step.objects.all().delete()
    Event.objects.all().delete()
    Execution.objects.update(
        phase=Phase.PENDING,
        process=None,
        token=0,
        head_seq=0,
        head_digest="",
        inbox=0,
        wake_at=timezone.now() - timedelta(hours=1),
        started_at=None,
        ended_at=None,
        output=None,
    )


def written(plans: list[list[Boundary]], processes: int) -> tuple[float, list[float]]:
    """Seconds that ``processes`` take to write all plans, and how long each boundary took."""
    connections.close_all()
    context = multiprocessing.get_context("fork")
    ready, queue = context.Barrier(processes + 1), context.SimpleQueue()
    children = [
        context.Process(target=_write, args=(plans[number::processes], ready, queue))
        for number in range(processes)
    ]
    for child in children:
        child.start()
    ready.wait(START_SECONDS)
    began = time.perf_counter()
    samples = [sample for _ in children for sample in queue.get()]
    seconds = time.perf_counter() - began
    for child in children:
        child.join()
        assert child.exitcode == 0, "a statement of the floor did not hit its row"
    return seconds, samples


def _write(plans: list[list[Boundary]], ready: Any, queue: Any) -> None:
    run, close = _raw()
    samples: list[float] = []
    ready.wait(START_SECONDS)
    try:
        for plan in plans:
            for boundary in plan:
                began = time.perf_counter()
                run(boundary)
                samples.append(time.perf_counter() - began)
    finally:
        queue.put(samples)
        close()


def _raw() -> tuple[Callable[[Boundary], None], Callable[[], None]]:
    return _raw_postgres() if connection.vendor == "postgresql" else _raw_sqlite()


def _raw_postgres() -> tuple[Callable[[Boundary], None], Callable[[], None]]:
    """One cursor that is kept, statements that are parsed and planned once: as little as can be."""
    import psycopg

    where = settings.DATABASES["default"]
    raw = psycopg.connect(
        dbname=where["NAME"], user=where["USER"], host=where["HOST"], autocommit=True
    )
    cursor = psycopg.RawCursor(raw)

    def run(boundary: Boundary) -> None:
        for sql, parameters in boundary:
            cursor.execute(numbered(sql), as_text(parameters), prepare=True)
            assert cursor.fetchone() is not None

    return run, raw.close


def _raw_sqlite() -> tuple[Callable[[Boundary], None], Callable[[], None]]:
    import sqlite3

    raw = sqlite3.connect(settings.DATABASES["default"]["NAME"], isolation_level=None, timeout=30)
    for name, value in SQLITE_PRAGMAS.items():
        raw.execute(f"PRAGMA {name}={value}")

    def run(boundary: Boundary) -> None:
        with closing(raw.cursor()) as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            for sql, parameters in boundary:
                cursor.execute(sql.replace("%s", "?"), parameters)
                if sql.startswith("UPDATE"):
                    assert cursor.fetchone() is not None
            cursor.execute("COMMIT")

    return run, raw.close
