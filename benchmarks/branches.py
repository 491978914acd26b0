"""A hundred branches and a join, in one worker: ``python -m benchmarks.branches``.

What is timed is the run itself: from the moment at which the worker took it to its end, both as the
database says them, so the journal is included.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

import psutil

from benchmarks.surroundings import surroundings, workers

if TYPE_CHECKING:
    from benchmarks.load import Load

BRANCHES, RUNS, WARM_UP = 100, 20, 5
SET = "{set: {n: '${ .n }'}}"
MARK = "{call: python, with: {function: bench.mark}}"


def measure(database: str) -> dict[str, Any]:
    """Milliseconds of a run and of its worker's processor, by what the branches do."""
    with surroundings(database):
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", interactive=False, verbosity=0)
        from benchmarks import load
        from benchmarks.one import functions_of_workers

        functions_of_workers()
        work = load.Load.prepared()
        with workers(1) as pids:
            load.wait_for_workers(1)
            return {
                name: timed(forked(work, name, task), pids[0])
                for name, task in (("set", SET), ("python", MARK))
            }


def forked(work: Load, name: str, task: str) -> Load:
    """The workflow of so many branches of this task, and of a task after the join."""
    from benchmarks import load
    from executions.intake.apply import apply_definition

    branches = "".join(f"      - b{number}: {task}\n" for number in range(BRANCHES))
    text = load.HEAD % f"fork-{name}" + f"- all:\n    fork:\n      branches:\n{branches}"
    text += "- many: {set: {many: '${ length }'}}\n"
    return load.Load(apply_definition(text, work.owner).workflow, work.owner, {"n": 1})


def timed(work: Load, pid: int) -> dict[str, float]:
    """The middle and the longest of the runs, one after the other."""
    from executions.models import Execution

    _one_by_one(work, WARM_UP)
    before = _cpu(pid)
    _one_by_one(work, RUNS)
    used = _cpu(pid) - before
    rows = Execution.objects.filter(workflow=work.workflow).order_by("-id")[:RUNS]
    lasted = sorted(
        (row.ended_at - row.started_at).total_seconds() * 1000
        for row in rows
        if row.ended_at is not None and row.started_at is not None
    )
    return {
        "ms": round(lasted[len(lasted) // 2], 1),
        "ms_longest": round(lasted[-1], 1),
        "worker_cpu_ms": round(used / RUNS * 1000, 1),
    }


def _one_by_one(work: Load, count: int) -> None:
    for _ in range(count):
        work.burst(1)


def _cpu(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    print(json.dumps(measure(parser.parse_args().database)))
