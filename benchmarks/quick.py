"""``make bench-quick``: both databases one after the other, Absurd beside ours on PostgreSQL, a
table, and a JSON file in benchmarks/results/.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"
ROOT = Path(__file__).resolve().parents[1]
# On a busy machine, and where Absurd has to be installed first, it takes minutes.
LIMIT_SECONDS = 600
DATABASES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
# What peers reached on two cores (see docs/benchmarks.md); Absurd is measured beside ours.
PEERS = {
    "sqlite": {"workflows_per_second": "DBOS 41", "step_to_step": "DBOS 2.05"},
    "postgres": {"workflows_per_second": "DBOS 33", "step_to_step": "DBOS 2.66"},
}


def main() -> None:
    """Each database is measured by a process of its own, as settings are read once."""
    began = time.monotonic()
    load_before = round(
        os.getloadavg()[0], 2
    )  # others at work make every figure worse, the floor included
    chosen = sys.argv[1:] or list(DATABASES)
    figures = {database: _measured(database) for database in chosen}
    seconds = round(time.monotonic() - began, 1)
    Console(width=110).print(
        table(figures), f"measured in {seconds} s on {machine()}; load before: {load_before}"
    )
    RESULTS.mkdir(exist_ok=True)
    at = datetime.now(UTC)
    path = RESULTS / f"quick-{at:%Y%m%dT%H%M%S}.json"
    record = {
        "at": at.isoformat(),
        "machine": machine(),
        "load_before": load_before,
        "seconds": seconds,
    }
    record["figures"] = figures
    path.write_text(json.dumps(record, indent=2) + "\n")
    print(f"written to {path.relative_to(ROOT)}")


def table(figures: dict[str, dict[str, Any]]) -> Table:
    """One row a figure and database: ours, the floor of the same run, peers."""
    shown = Table(title="Ten-step workflows, 2 worker processes, real Redis", title_justify="left")
    for column in ("", "figure", "Stigmer", "floor (same rows, raw)", "peers"):
        shown.add_column(column, justify="left")
    for database, of_database in figures.items():
        floor, peers = of_database["floor"], PEERS[database]
        absurd = {key: f"Absurd {value:g}" for key, value in of_database.get("absurd", {}).items()}
        rows = [
            (
                "workflows/s, a burst",
                of_database["workflows_per_second"],
                floor["workflows_per_second"],
                _beside(absurd.get("workflows_per_second"), peers["workflows_per_second"]),
            ),
            ("steps/s, a burst", of_database["steps_per_second"], "", ""),
            (
                "workflows/s, started one by one",
                of_database["workflows_per_second_started_singly"],
                "",
                "",
            ),
            (
                "worker CPU, ms a workflow",
                of_database["worker_cpu_ms_per_workflow"],
                "",
                _beside(absurd.get("worker_cpu_ms")),
            ),
            (
                "step to step, ms p50 / p99",
                _pair(of_database["step_to_step"]),
                _pair(floor["boundary"]),
                _beside(absurd.get("step_to_step_ms"), peers["step_to_step"]),
            ),
            ("ten `set` of paths, workflows/s", of_database["paths_per_second"], "", ""),
            ("ten `set` of jq, workflows/s", of_database["expressions_per_second"], "", ""),
            (
                "idle start, ms p50 / p99",
                _pair(of_database["idle_start"]),
                "",
                "resident RQ worker 1.8",
            ),
        ]
        for index, row in enumerate(rows):
            shown.add_row(DATABASES[database] if index == 0 else "", *map(str, row))
        shown.add_section()
    return shown


def _beside(*said: str | None) -> str:
    return ", ".join(each for each in said if each)


def _pair(spread: dict[str, float]) -> str:
    return f"{spread['p50_ms']:.2f} / {spread['p99_ms']:.2f}"


def _measured(database: str) -> dict[str, Any]:
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.one", database],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=LIMIT_SECONDS,
    )
    figures: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return figures


def machine() -> str:
    return (
        f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"
        f" {platform.machine()}"
    )


if __name__ == "__main__":
    main()
