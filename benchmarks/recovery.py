"""The recovery timeline: ``python -m benchmarks.recovery`` kills on purpose and says what happened
when (ms).

A real supervisor with its own Redis, default settings: a worker is killed beside others and alone,
a whole host is lost (only its silence tells), everything is killed and started again. Median, 95th
percentile and longest of each moment, as a table and as JSON in benchmarks/results/.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.quick import RESULTS, ROOT, machine
from tests.live import stigmer_up
from tests.services import postgres_server

DATABASES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
WORKERS = 3
Measured = dict[str, dict[str, dict[str, float]]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recovery", description=__doc__)
    parser.add_argument(
        "--database", choices=DATABASES, action="append", help="this one (both where none is named)"
    )
    parser.add_argument("--trials", type=int, default=20, help="kills of a worker beside others")
    parser.add_argument(
        "--few", type=int, default=5, help="trials of each of the others, which take longer"
    )
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    databases = asked.database or list(DATABASES)
    if asked.one:
        print(json.dumps(measure(databases[0], asked.trials, asked.few)))
        return
    load_before = round(os.getloadavg()[0], 2)
    figures = {name: _measured(name, asked.trials, asked.few) for name in databases}
    Console(width=110).print(table(figures), f"{machine()}; load before: {load_before}")
    RESULTS.mkdir(exist_ok=True)
    at = datetime.now(UTC)
    path = RESULTS / f"recovery-{at:%Y%m%dT%H%M%S}.json"
    record = {
        "at": at.isoformat(),
        "machine": machine(),
        "load_before": load_before,
        "figures": figures,
    }
    path.write_text(json.dumps(record, indent=2) + "\n")
    print(f"written to {path.relative_to(ROOT)}")


def measure(database: str, trials: int, few: int) -> Measured:
    """All timelines of one database, each moment in milliseconds after the kill (or as its name
    says).
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="stigmer-recovery-")))
        home = folder / "home"
        settings: dict[str, object] = {"STIGMER_WORKERS": WORKERS, "STIGMER_DEMO": "false"}
        settings |= {"STIGMER_HTTP_ALLOWED_HOSTS": "127.0.0.1"}
        if database == "postgres":
            settings["DATABASE_URL"] = stack.enter_context(postgres_server(folder / "postgres"))
        _use(home, settings)
        return _all(home, settings, trials, few)


def _use(home: Path, settings: dict[str, object]) -> None:
    """The settings of the server that is measured, for this process too."""
    for name in [
        name
        for name in os.environ
        if name.startswith(("STIGMER_", "DJANGO_", "DATABASE_URL", "REDIS_URL"))
    ]:
        del os.environ[name]
    os.environ |= {
        **{name: str(value) for name, value in settings.items()},
        "STIGMER_HOME": str(home),
        "DJANGO_SETTINGS_MODULE": "stigmer_site.settings",
        "STIGMER_LOG_LEVEL": "CRITICAL",
    }


def _all(home: Path, settings: dict[str, object], trials: int, few: int) -> Measured:
    import django

    from benchmarks.witness import Witness

    by_case: dict[str, list[dict[str, float]]] = {}
    with Witness() as witness:
        with stigmer_up(home, **settings) as live:
            django.setup()
            from benchmarks import moments
            from benchmarks import recovery_trials as trial

            moments.install()
            bench = trial.Bench.prepared(witness)
            by_case["a worker beside others"] = [
                trial.worker_dies(bench, live, others=1) for _ in range(trials)
            ]
            by_case["a whole host"] = [
                trial.host_is_lost(bench, home, settings) for _ in range(few)
            ]
        for _ in range(few):
            with stigmer_up(home, **{**settings, "STIGMER_WORKERS": 1}) as live:
                by_case.setdefault("the only worker", []).append(
                    trial.worker_dies(bench, live, others=0)
                )
        for _ in range(few):
            with stigmer_up(home, **settings) as live:
                by_case.setdefault("everything", []).append(
                    trial.everything_dies(bench, home, live, settings)
                )
    return {name: summary(lines) for name, lines in by_case.items()}


def summary(timelines: Sequence[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Median, 95th percentile and longest of each moment, in milliseconds, in the order in which
    they come.
    """
    names = sorted(
        {name for each in timelines for name in each}, key=lambda name: _median(timelines, name)
    )
    return {name: _spread(_samples(timelines, name)) for name in names}


def _samples(timelines: Sequence[dict[str, float]], name: str) -> list[float]:
    return sorted(each[name] * 1000 for each in timelines if name in each)


def _median(timelines: Sequence[dict[str, float]], name: str) -> float:
    ordered = _samples(timelines, name)
    return ordered[(len(ordered) - 1) // 2]


def _spread(ordered: Sequence[float]) -> dict[str, float]:
    def at(share: float) -> float:
        return round(ordered[max(0, -int(-share * len(ordered) // 1) - 1)], 1)

    return {
        "median": at(0.5),
        "p95": at(0.95),
        "longest": round(ordered[-1], 1),
        "trials": len(ordered),
    }


def table(figures: dict[str, Measured]) -> Table:
    shown = Table(title="What dies at t = 0, and what happens when (ms)", title_justify="left")
    for column in ("", "what dies", "until", "median", "p95", "longest", "trials"):
        shown.add_column(column)
    for database, of_database in figures.items():
        first = DATABASES[database]
        for what, moments_ in of_database.items():
            for name, spread in moments_.items():
                shown.add_row(first, what, name, *(f"{value:,.0f}" for value in spread.values()))
                first = what = ""
        shown.add_section()
    return shown


def _measured(database: str, trials: int, few: int) -> Measured:
    """In a process of its own, as settings are read once."""
    began = time.monotonic()
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "benchmarks.recovery",
            "--one",
            "--database",
            database,
            "--trials",
            str(trials),
            "--few",
            str(few),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    print(f"{DATABASES[database]}: {time.monotonic() - began:.0f} s", flush=True)
    figures: Measured = json.loads(ran.stdout.splitlines()[-1])
    return figures


if __name__ == "__main__":
    main()
