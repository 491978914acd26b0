"""Ours beside peers in alternating rounds of one run: ``make bench``, or ``python -m
benchmarks.compare --rounds 3 --peers absurd dbos``.

Each round measures ours and each peer on the same PostgreSQL (fsync on) or the same Redis, with two
worker processes each and none of the others running. A loop of a million additions is timed before
each, as machines change their speed under one's hands; a figure means something beside that of a
peer in the same round. The figures go to benchmarks/results, docs/performance.md and its chart.
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
WORKERS = 2
WARM_UP, SINGLE = 20, 20
OUR_COUNT = 300


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    names = [peer.short for peer in PEERS]
    parser.add_argument("--peers", nargs="+", choices=names, default=names, metavar="PEER")
    chosen = parser.parse_args()
    peers = [peer for peer in PEERS if peer.short in chosen.peers]
    environments = [installed(peer) for peer in peers]
    at = datetime.now(UTC)
    with surroundings("postgres") as folder:
        found = _rounds(chosen.rounds, peers, environments, folder / "redis.sock")
    _print(found)
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"compare-{at:%Y%m%dT%H%M%S}.json"
    record: dict[str, Any] = {
        "at": at.isoformat(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "rounds": {name: [asdict(each) for each in rows] for name, rows in found.items()},
    }
    path.write_text(json.dumps(record, indent=2) + "\n")
    from benchmarks.page import written

    print("written to", *(each.relative_to(ROOT) for each in (path, *written(found, at))))


def _rounds(
    rounds: int, peers: Sequence[Peer], environments: Sequence[Path], socket: Path
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
    found: dict[str, list[Measured]] = {OURS: [], **{peer.name: [] for peer in peers}}
    for _ in range(rounds):
        found[OURS].append(_ours(work, database))
        for each in ready:
            found[each.peer.name].append(_theirs(each, database))
    return found


def _ours(work: Any, database: list[psutil.Process]) -> Measured:
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

    with workers(WORKERS) as pids:
        wait_for_workers(WORKERS)
        work.burst(WARM_UP)
        return measured(load, singly, pids, database)


def _theirs(ready: Installed, database: list[psutil.Process]) -> Measured:
    with ready.working() as pids:
        ready.load(WARM_UP)
        load = partial(ready.load, ready.peer.count)
        return measured(load, partial(ready.load, SINGLE, "singly"), pids, database)


def services() -> list[psutil.Process]:
    """PostgreSQL's first process, the parent of the one that serves this process; and Redis."""
    import redis
    from django.conf import settings
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        parent = psutil.Process(cursor.fetchone()[0]).parent()
    assert parent is not None
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        return [parent, psutil.Process(client.info("server")["process_id"])]


def _print(found: dict[str, list[Measured]]) -> None:
    """Medians over the rounds, and ours as a multiple of each peer's in the same round."""
    from rich.console import Console
    from rich.table import Table

    table = Table(
        title="Ten trivial steps, 2 workers: median (ours ÷ theirs)", title_justify="left"
    )
    for name in ("", *found):
        table.add_column(name)
    for key in (field.name for field in fields(Measured)):
        middle = medians(found, key)
        beside = {} if key == "load" else ratios(found, key)
        cells = [
            f"{middle[name]:g}" + (f" ({beside[name]:.2f})" if name in beside else "")
            for name in found
        ]
        table.add_row(key.replace("_", " "), *cells)
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
