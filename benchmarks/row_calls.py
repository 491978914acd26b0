"""The row about slow calls: a thousand runs inside HTTP calls of two workers, and what they cost
others.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from benchmarks.slow import Slow

if TYPE_CHECKING:
    from benchmarks.load import Load
    from benchmarks.rows import Bench, Figures

CALLS, RUNS, WORKERS = 1_000, 30, 2
PATIENCE_SECONDS, SETTLE_SECONDS = 180, 3
CALL = """\
- ask:
    call: http
    with: {method: get, endpoint: %s}
    metadata: {attemptTimeout: {minutes: 15}}
"""


def calls(bench: Bench) -> Figures:
    """How many are in flight, the memory of workers and their children, and the start of another
    owner's runs before and meanwhile. Each worker has slots for its share.
    """
    from benchmarks.beside_agents import mebibytes
    from benchmarks.figures import percentile

    many = bench.many(CALLS)
    with Slow() as slow:
        os.environ["STIGMER_SLOTS"] = str(-(-many // WORKERS))
        os.environ["STIGMER_HTTP_ALLOWED_HOSTS"] = "127.0.0.1"
        work, other = bench.workflow("slow-call", CALL % slow.url), _of_another_owner()
        with bench.workers(WORKERS) as pids:
            other.burst(20)
            before, alone = mebibytes(pids), other.singly(RUNS)[0]
            began = time.monotonic()
            _start(work, many)
            most = _in_flight(slow, many)
            took = time.monotonic() - began
            time.sleep(SETTLE_SECONDS)
            beside, during = other.singly(RUNS)[0], mebibytes(pids)
            most = min(most, slow.held)
            slow.release()
            completed = _completed(work, many)
    start_before, start_during = percentile(alone, 0.5), percentile(beside, 0.5)
    return {
        "runs": many,
        "in_flight": most,
        "all_in_flight_after_s": round(took, 1),
        "completed": completed,
        "workers_mib_before": round(before),
        "workers_mib": round(during),
        "others_start_before_ms": round(start_before * 1000, 2),
        "others_start_ms": round(start_during * 1000, 2),
        "others_start_times": round(start_during / start_before, 2),
    }


def _of_another_owner() -> Load:
    from django.contrib.auth.models import User

    from benchmarks.load import HEAD, STEP, Load
    from executions.intake.apply import apply_definition

    owner = User.objects.create(username="another")
    text = HEAD % "others" + STEP % (1, 1)
    return Load(apply_definition(text, owner).workflow, owner)


def _start(work: Load, many: int) -> None:
    from django.db import transaction

    with transaction.atomic():
        for _ in range(many):
            work.one()


def _in_flight(slow: Slow, many: int) -> int:
    """Wait until all are there, or no longer than patience lasts; how many were."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while slow.held < many and time.monotonic() < ends:
        time.sleep(0.05)
    return slow.held


def _completed(work: Load, many: int) -> int:
    from executions.models import Execution
    from executions.states import Phase

    rows = Execution.objects.filter(workflow=work.workflow, phase=Phase.COMPLETED)
    ends = time.monotonic() + PATIENCE_SECONDS
    while (count := rows.count()) < many and time.monotonic() < ends:
        time.sleep(0.2)
    return count
