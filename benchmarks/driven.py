"""The cost of a start and of a step, driven in this process: of an empty database, then of a full
one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil
from django.contrib.auth.models import User
from django.db import connection

from benchmarks.load import HEAD, STEPS
from benchmarks.measured import million_additions, seconds_of
from executions.driving.attempts.running import Running
from executions.driving.driver import advance
from executions.driving.store import Here
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Execution, Process
from executions.states import Phase

RUNS, WARM_UP = 40, 5
SET = "- step%d: {set: {n: %d, text: 'a small result'}}\n"
CALL = "- step%d: {call: python, with: {function: bench.mark, arguments: {number: %d}}}\n"


@dataclass(slots=True)
class Costs:
    """Milliseconds of processor time, here and in PostgreSQL, beside those of a million additions:
    the machine changes its speed between two looks.
    """

    here_ms: float = 0
    database_ms: float = 0
    additions_ms: float = field(default_factory=lambda: million_additions() * 1000)

    def each(self, count: int) -> dict[str, float]:
        return {
            "here_ms": round(self.here_ms / count, 3),
            "database_ms": round(self.database_ms / count, 3),
            "additions_ms": round(self.additions_ms, 1),
        }


def cost() -> dict[str, dict[str, float]]:
    """Of ``start``, for one run, and of ``step``: sets and calls in turn, ten a run."""
    owner, _ = User.objects.get_or_create(username="driven")
    tasks = [(CALL if number % 2 else SET) % (number, number) for number in range(STEPS)]
    workflow = apply_definition(HEAD % "driven" + "".join(tasks), owner).workflow
    process = Process.objects.create(kind="bench", host="here", pid=0)

    def begin() -> Execution:
        return start(workflow, owner, input={})

    def drive(run: Execution) -> None:
        advance(run.pk, process_id=process.pk, store=Here(), running=Running())

    for _ in range(WARM_UP):
        drive(begin())
    with _costs() as starting:
        runs = [begin() for _ in range(RUNS)]
    with _costs() as driving:
        for run in runs:
            drive(run)
    left = Execution.objects.filter(workflow=workflow).exclude(phase=Phase.COMPLETED)
    assert not left.exists(), "a run did not complete"
    return {"start": starting.each(RUNS), "step": driving.each(RUNS * STEPS)}


def ratios(full: dict[str, dict[str, float]], empty: dict[str, dict[str, float]]) -> dict[str, Any]:
    """Full ÷ empty, of all processor time, at the machine's speed of each."""
    return {name: round(_cost(full[name]) / _cost(empty[name]), 2) for name in full}


def _cost(one: dict[str, float]) -> float:
    return (one["here_ms"] + one["database_ms"]) / one["additions_ms"]


@contextmanager
def _costs() -> Iterator[Costs]:
    """Of what is done inside."""
    costs, servers = Costs(), _backends()
    there, began = seconds_of(servers), time.process_time()
    yield costs
    costs.here_ms = (time.process_time() - began) * 1000
    costs.database_ms = (seconds_of(servers) - there) * 1000


def _backends() -> list[psutil.Process]:
    """The processes of PostgreSQL that serve this one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
            " AND datname = current_database()"
        )
        return [psutil.Process(pid) for (pid,) in cursor.fetchall()]
