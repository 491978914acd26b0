"""Ours beside peers in alternating rounds of one run: ``make bench``, or ``python -m
benchmarks.compare --rounds 3 --peers absurd dbos``.

Each round measures ours and each peer on the same PostgreSQL (fsync on) or the same Redis, with two
worker processes each and none of the others running. A loop of a million additions is timed before
each, as machines change their speed under one's hands; a figure means something beside that of a
peer in the same round. The figures go to benchmarks/results, docs/performance.md and its chart.

``--database sqlite`` compares with those that keep rows on SQLite too, ``--workers 1`` has one
worker process of each; such figures go to benchmarks/results alone.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from benchmarks.measured import OURS, Measured, measured, medians, ratios
from benchmarks.others import PEERS, Installed, Peer, installed, made_ready
from benchmarks.surroundings import ROOT, surroundings, workers

RESULTS = ROOT / "benchmarks" / "results"
WORKERS, DATABASE = 2, "postgres"
ON_SQLITE = ("dbos",)
WARM_UP, SINGLE = 20, 20
OUR_COUNT = 300


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    names = [peer.short for peer in PEERS]
    parser.add_argument("--peers", nargs="+", choices=names, default=names, metavar="PEER")
    parser.add_argument("--database", choices=("postgres", "sqlite"), default=DATABASE)
    parser.add_argument("--workers", type=int, default=WORKERS, help="processes of each")
    chosen = parser.parse_args()
    if chosen.database == "sqlite":
        chosen.peers = [name for name in chosen.peers if name in ON_SQLITE]
    peers = [peer for peer in PEERS if peer.short in chosen.peers]
    environments = [installed(peer) for peer in peers]
    at = datetime.now(UTC)
    with surroundings(chosen.database) as folder:
        by_system = _rounds(chosen, peers, environments, folder / "redis.sock")
    _print(by_system, f"{chosen.workers} worker(s), {chosen.database}")
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"compare-{at:%Y%m%dT%H%M%S}.json"
    record: dict[str, Any] = {
        "at": at.isoformat(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "database": chosen.database,
        "workers": chosen.workers,
        "rounds": {name: [asdict(each) for each in rows] for name, rows in by_system.items()},
    }
    path.write_text(json.dumps(record, indent=2) + "\n")
    files = [path]
    if (chosen.database, chosen.workers) == (DATABASE, WORKERS):
        from benchmarks.page import written

        files += written(by_system, at)
    print("written to", *(each.relative_to(ROOT) for each in files))


def _rounds(
    chosen: argparse.Namespace, peers: Sequence[Peer], environments: Sequence[Path], socket: Path
) -> dict[str, list[Measured]]:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    from benchmarks.load import Load
    from benchmarks.one import functions_of_workers

    functions_of_workers()
    work, database = Load.prepared(), services()
    ready = [made_ready(*each, socket) for each in zip(peers, environments, strict=True)]
    by_system: dict[str, list[Measured]] = {OURS: [], **{peer.name: [] for peer in peers}}
    for _ in range(chosen.rounds):
        by_system[OURS].append(ours(work, database, chosen.workers))
        for each in ready:
            by_system[each.peer.name].append(theirs(each, database, chosen.workers))
    return by_system


def ours(work: Any, database: list[psutil.Process], count: int) -> Measured:
    """A round of ours with so many worker processes."""
    from benchmarks.figures import moments
    from benchmarks.load import wait_for_workers
    from executions.models import Execution

    def load() -> list[list[float]]:
        before = set(Execution.objects.values_list("pk", flat=True))
        work.burst(OUR_COUNT)
        new = Execution.objects.exclude(pk__in=before).values_list("pk", flat=True)
        return list(moments(new).values())

    def singly() -> list[list[float]]:
        return [[times[0] - wait, *times] for wait, times in zip(*work.singly(SINGLE), strict=True)]

    with workers(count) as pids:
        wait_for_workers(count)
        work.burst(WARM_UP)
        return measured(load, singly, pids, database)


def theirs(ready: Installed, database: list[psutil.Process], count: int) -> Measured:
    """A round of a peer with as many."""
    with ready.working(count) as pids:
        ready.load(WARM_UP)
        load = partial(ready.load, ready.peer.count)
        return measured(load, partial(ready.load, SINGLE, "singly"), pids, database)


def services() -> list[psutil.Process]:
    """Redis; and PostgreSQL's first process, the parent of the one that serves this process."""
    import redis
    from django.conf import settings
    from django.db import connection

    with redis.Redis.from_url(settings.REDIS_URL) as client:
        processes = [psutil.Process(client.info("server")["process_id"])]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            parent = psutil.Process(cursor.fetchone()[0]).parent()
        assert parent is not None
        processes.append(parent)
    return processes


def _print(by_system: dict[str, list[Measured]], where: str) -> None:
    """Medians over the rounds, and ours as a multiple of each peer's in the same round."""
    from rich.console import Console
    from rich.table import Table

    title = f"Ten trivial steps, {where}: median (ours ÷ theirs)"
    table = Table(title=title, title_justify="left")
    for name in ("", *by_system):
        table.add_column(name)
    for key in (field.name for field in fields(Measured)):
        middle = medians(by_system, key)
        beside = {} if key == "load" else ratios(by_system, key)
        cells = [
            f"{middle[name]:g}" + (f" ({beside[name]:.2f})" if name in beside else "")
            for name in by_system
        ]
        table.add_row(key.replace("_", " "), *cells)
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
