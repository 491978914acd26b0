"""The rows of docs/performance.md that no other benchmark measures: ``python -m benchmarks.rows
sqlite pure idle`` (or ``postgres``; without names all that the database allows).

Each prints one line of JSON and one row of Markdown, and takes about a minute; ``wake`` with
``--steps 50000``, and ``polls`` with more ``--seconds``, take longer.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import (
    row_branches,
    row_calls,
    row_pages,
    row_parked,
    row_recover,
    row_steps,
    row_up,
    row_wakes,
)
from benchmarks.surroundings import surroundings, workers

if TYPE_CHECKING:
    from benchmarks.load import Load

WORKERS = 2
MOST_STEPS = 200_000
Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Bench:
    """A database with a person who owns workflows, and what the command line asked for."""

    database: str
    work: Load
    folder: Path
    steps: int
    polls: int
    seconds: float
    count: int

    def many(self, usual: int) -> int:
        """How many of what a row counts: as many as its goal names, or as the command line says."""
        return self.count or usual

    @contextmanager
    def workers(self, count: int = WORKERS) -> Iterator[list[int]]:
        """Workers that have run something already; their process ids."""
        from benchmarks.load import wait_for_workers

        with workers(count) as pids:
            wait_for_workers(count)
            self.work.burst(20)
            yield pids

    def workflow(self, name: str, tasks: str) -> Load:
        """The same owner's workflow of these tasks."""
        from benchmarks.load import HEAD, Load
        from executions.intake.apply import apply_definition

        text = HEAD % name + tasks
        return Load(apply_definition(text, self.work.owner).workflow, self.work.owner)


ROWS: dict[str, Callable[[Bench], Figures]] = {
    "pure": row_steps.pure,
    "idle": row_steps.idle,
    "hundred": row_steps.hundred,
    "polls": row_wakes.polls,
    "wake": row_wakes.wake,
    "up": row_up.idle_up,
    "branches": row_branches.branches,
    "calls": row_calls.calls,
    "sockets": row_pages.sockets,
    "dashboards": row_pages.dashboards,
    "parked": row_parked.parked,
    "recover": row_recover.recover,
}
# Absurd knows PostgreSQL alone, a trigger of which says when a change was written, and which copies
# runs; `stigmer up` is measured as a newcomer has it.
ONLY = {
    "hundred": "postgres",
    "up": "sqlite",
    "branches": "postgres",
    "sockets": "postgres",
    "dashboards": "postgres",
    "parked": "postgres",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rows", description=__doc__)
    parser.add_argument("database", nargs="?", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(ROWS)}")
    parser.add_argument("--steps", type=int, default=10_000, help="finished steps before a wake")
    parser.add_argument("--polls", type=int, default=1_440, help="of one run")
    parser.add_argument("--seconds", type=float, default=50.0, help="the most for all polls")
    parser.add_argument("--count", type=int, default=0, help="of what a row counts, not its goal's")
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - set(ROWS):
        parser.error(f"there is no row {', '.join(sorted(unknown))}: choose from {', '.join(ROWS)}")
    names = chosen.names or [
        name for name in ROWS if ONLY.get(name, chosen.database) == chosen.database
    ]
    with surroundings(chosen.database) as folder:
        os.environ["STIGMER_MAX_STEPS"] = str(MOST_STEPS)
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", interactive=False, verbosity=0)
        from benchmarks.load import Load
        from benchmarks.one import functions_of_workers

        functions_of_workers()
        asked = (chosen.steps, chosen.polls, chosen.seconds, chosen.count)
        bench = Bench(chosen.database, Load.prepared(), folder, *asked)
        for name in names:
            if ONLY.get(name, chosen.database) != chosen.database:
                parser.error(f"the row {name} is measured on {ONLY[name]} only")
            _say(name, chosen.database, ROWS[name](bench))


def _say(name: str, database: str, figures: Figures) -> None:
    from benchmarks.measured import million_additions

    beside = {
        "load": round(os.getloadavg()[0], 1),
        "additions_ms": round(million_additions() * 1000, 1),
    }
    print(json.dumps({"row": name, "database": database, **figures, **beside}))
    said = "; ".join(f"{key.replace('_', ' ')} {value:g}" for key, value in figures.items())
    print(f"| {name} | {said} | `python -m benchmarks.rows {database} {name}` |", flush=True)


if __name__ == "__main__":
    main()
