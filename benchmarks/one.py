"""Measure one database: ``python -m benchmarks.one sqlite`` prints the figures as one JSON
object.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from benchmarks.surroundings import surroundings, workers

if TYPE_CHECKING:
    from benchmarks.load import Load

WORKERS = 2
WARM_UP, BURST, STREAM, SINGLE, FLOOR = 40, 300, 150, 60, 100
SETS_WARM_UP, SETS = 20, 200


def measure(database: str) -> dict[str, Any]:
    """All figures of one database, in about half a minute; on PostgreSQL with Absurd's after
    them.
    """
    with surroundings(database) as folder:
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", interactive=False, verbosity=0)
        from benchmarks import floor, load
        from benchmarks.figures import between, spread

        functions_of_workers()
        work = load.Load.prepared()
        plans = floor.recorded(work, FLOOR)
        floor_seconds, floor_samples = floor.written(plans, WORKERS)
        _, alone = floor.written(floor.recorded(work, FLOOR // 4), 1)
        floor.clear()
        with workers(WORKERS) as pids:
            load.wait_for_workers(WORKERS)
            work.burst(WARM_UP)
            used = cpu_seconds(pids)
            burst = work.burst(BURST)
            used = cpu_seconds(pids) - used
            stream = work.stream(STREAM)
            waits, steps = work.singly(SINGLE)
            paths = sets(work.of_sets("ten-paths", load.PATHS))
            expressions = sets(work.of_sets("ten-expressions", load.EXPRESSIONS))
        beside = {"absurd": absurd(folder)} if database == "postgres" else {}
        return {
            **beside,
            "workers": WORKERS,
            "workflows_per_second": round(BURST / burst, 1),
            "steps_per_second": round(BURST * load.STEPS / burst),
            "worker_cpu_ms_per_workflow": round(used / BURST * 1000, 2),
            "workflows_per_second_started_singly": round(STREAM / stream, 1),
            "step_to_step": spread(between(steps)),
            "idle_start": spread(waits),
            "paths_per_second": paths,
            "expressions_per_second": expressions,
            "floor": {
                "boundaries_per_workflow": len(plans[0]),
                "workflows_per_second": round(FLOOR / floor_seconds, 1),
                "boundary_loaded": spread(floor_samples),
                "boundary": spread(alone),
            },
        }


def sets(work: Load) -> float:
    """Workflows a second, of which the first ones compile and start what they need."""
    work.burst(SETS_WARM_UP)
    return round(SETS / work.burst(SETS), 1)


def absurd(folder: Path) -> dict[str, float]:
    """A round of Absurd on the same PostgreSQL, with as many workers."""
    from benchmarks.compare import services, theirs
    from benchmarks.others import ABSURD, installed, made_ready

    ready = made_ready(ABSURD, installed(ABSURD), folder / "redis.sock")
    return asdict(theirs(ready, services(), WORKERS))


def cpu_seconds(pids: list[int]) -> float:
    """Processor time that these processes used so far: unlike time on the wall it hardly depends on
    who else works.
    """
    times = [psutil.Process(pid).cpu_times() for pid in pids]
    return float(sum(each.user + each.system for each in times))


def functions_of_workers() -> None:
    """The measured function, in this process as in the workers."""
    from django.conf import settings

    from executions.calls.python.functions import load_functions

    load_functions(settings.STIGMER_FUNCTION_MODULES)


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
