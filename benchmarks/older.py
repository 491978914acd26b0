"""Our speed beside an older commit's: ``python -m benchmarks.older CHECKOUT sqlite`` (or
``postgres``).

The checkout has its own ``.venv``. Of each tree one worker with what it needs runs, both at once;
one of them gets a burst of workflows, then the other, and who is first changes with each pair.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SERVE = "serve"
WARM_UP = 40
START_SECONDS = 120
STEPS = {
    "python": "- step%d: {call: python, with: {function: bench.mark, arguments: {number: 1}}}\n",
    "set": "- step%d: {set: {n: '${ .n + 1 }', to: '${ $workflow.input.to }'}}\n",
}


def serve(database: str) -> None:
    """In a process of the measured tree: a worker; a line (kind, how many) is answered by seconds
    for each workflow, on the clock and of the processor.
    """
    from benchmarks.surroundings import surroundings, workers

    with surroundings(database):
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", interactive=False, verbosity=0)
        from benchmarks.load import Load
        from benchmarks.one import functions_of_workers
        from executions.models import Process
        from tests.waiting import until

        functions_of_workers()
        owner = Load.prepared().owner
        with workers(1) as pids:
            lives = Process.objects.living().workers().exists
            until(lives, what="the worker is there", seconds=START_SECONDS)
            loads = {kind: _load(kind, step, owner) for kind, step in STEPS.items()}
            for load in loads.values():
                load.burst(WARM_UP)
            print("ready", flush=True)
            for line in sys.stdin:
                kind, count = line.split()
                before = _processor_seconds(pids[0])
                clock = loads[kind].burst(int(count))
                used = _processor_seconds(pids[0]) - before
                print(json.dumps([clock / int(count), used / int(count)]), flush=True)


def _load(kind: str, step: str, owner: Any) -> Any:
    """Ten such steps. The older tree's own load knows one kind of step and gives no input."""
    from benchmarks.load import Load
    from executions.intake.apply import apply_definition
    from executions.intake.start import start

    class WithInput(Load):
        def one(self) -> Any:
            return start(self.workflow, self.owner, input={"n": 0, "to": "ada"})

    head = f"document: {{dsl: '1.0.0', namespace: a, name: {kind}, version: '1.0.0'}}\ndo:\n"
    text = head + "".join(step % number for number in range(1, 11))
    return WithInput(apply_definition(text, owner).workflow, owner)


def _processor_seconds(pid: int) -> float:
    """Of this process and its children, those that ended included."""
    import psutil

    worker = psutil.Process(pid)
    return float(sum(sum(each.cpu_times()[:4]) for each in (worker, *worker.children(True))))


@contextmanager
def _served(tree: Path, database: str) -> Iterator[subprocess.Popen[str]]:
    command = [str(tree / ".venv/bin/python"), "-P", __file__, str(tree), database, "--as", SERVE]
    process = subprocess.Popen(
        command,
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin and process.stdout
    try:
        while (line := process.stdout.readline()) != "ready\n":
            if not line:
                raise SystemExit(f"no worker of {tree}: it says above why")
        yield process
    finally:
        process.stdin.close()
        process.wait()


def _burst(process: subprocess.Popen[str], kind: str, count: int) -> tuple[float, float]:
    assert process.stdin and process.stdout
    print(kind, count, file=process.stdin, flush=True)
    clock, processor = json.loads(process.stdout.readline())
    return clock * 1000, processor * 1000


def compare(older: Path, database: str, kinds: list[str], pairs: int, count: int) -> None:
    """For each kind of step the medians of both trees in milliseconds, and of the pairs' ratios."""
    with _served(older, database) as before, _served(ROOT, database) as now:
        for kind in kinds:
            turns: list[tuple[tuple[float, float], tuple[float, float]]] = []
            for number in range(pairs):
                if number % 2:
                    ours = _burst(now, kind, count)
                    turns.append((_burst(before, kind, count), ours))
                else:
                    theirs = _burst(before, kind, count)
                    turns.append((theirs, _burst(now, kind, count)))
            row: dict[str, Any] = {"database": database, "steps": kind, "pairs": pairs}
            for place, name in enumerate(("clock", "processor")):
                row[name] = {
                    "older": round(median(theirs[place] for theirs, _ in turns), 2),
                    "ours": round(median(ours[place] for _, ours in turns), 2),
                    "ratio": round(median(o[place] / t[place] for t, o in turns), 3),
                    "ratios": sorted(round(o[place] / t[place], 2) for t, o in turns),
                }
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("database", choices=("sqlite", "postgres"))
    parser.add_argument("--steps", choices=STEPS, nargs="+", default=list(STEPS))
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--as", dest="role")
    asked = parser.parse_args()
    if asked.role == SERVE:
        serve(asked.database)
    else:
        compare(asked.checkout.resolve(), asked.database, asked.steps, asked.pairs, asked.count)
