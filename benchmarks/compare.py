"""Ours beside peers in alternating rounds of one run: ``make bench``, or ``python -m
benchmarks.compare --rounds 3``.

Each round measures ours and each peer on the same PostgreSQL (fsync on), two worker processes each,
none of the others running. A loop of a million additions is timed before each, as machines change
their speed under one's hands; a figure means something beside that of a peer in the same round.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from benchmarks.surroundings import ROOT, surroundings, workers

RESULTS = ROOT / "benchmarks" / "results"
ENVIRONMENTS = ROOT / "var" / "peers"
WORKERS = 2
WARM_UP, SINGLE = 20, 20
STOP_SECONDS = 30
LOAD_SECONDS = 180
# Of the completions, those in the middle give the rate: how all were started does not count then.
FROM, TO = 0.1, 0.9


@dataclass(frozen=True, slots=True)
class Measured:
    """``additions_ms``: processor time of a million additions just before; ``worker_cpu_ms`` and
    ``database_cpu_ms`` are for one workflow.
    """

    workflows_per_second: float
    step_to_step_ms: float
    worker_cpu_ms: float
    database_cpu_ms: float
    additions_ms: float


@dataclass(frozen=True, slots=True)
class Peer:
    """``script`` runs in an environment with ``requirements``, both in benchmarks/peers;
    ``prepare`` makes the database ready.
    """

    name: str
    script: str
    requirements: str
    count: int
    prepare: Callable[[Path, str], None] = lambda environment, address: None


def _absurd_schema(environment: Path, address: str) -> None:
    from tests.services import postgres_tools

    variables = {
        **os.environ,
        "PGDATABASE": address,
        "PATH": f"{postgres_tools()}{os.pathsep}{os.environ['PATH']}",
    }
    for command in (["init"], ["create-queue", "default"]):
        tool = environment / "bin" / "absurdctl"
        subprocess.run([tool, *command], env=variables, check=True, stdout=subprocess.DEVNULL)


def _dbos_tables(environment: Path, address: str) -> None:
    script = ROOT / "benchmarks" / "peers" / "dbos_peer.py"
    subprocess.run([environment / "bin" / "python", script, "prepare", address], check=True)


PEERS = (
    Peer("Absurd 0.5", "absurd.py", "requirements-absurd.txt", 200, _absurd_schema),
    Peer("DBOS 3.4", "dbos_peer.py", "requirements-dbos.txt", 60, _dbos_tables),
)
OURS, OUR_COUNT = "Stigmer", 300


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    environments = {peer.name: _environment(peer) for peer in PEERS}
    with surroundings("postgres"):
        found = _measured(rounds, environments)
    _print(found)
    RESULTS.mkdir(exist_ok=True)
    at = datetime.now(UTC)
    path = RESULTS / f"compare-{at:%Y%m%dT%H%M%S}.json"
    record: dict[str, Any] = {"at": at.isoformat(), "python": platform.python_version()}
    record["rounds"] = {name: [asdict(each) for each in rows] for name, rows in found.items()}
    path.write_text(json.dumps(record, indent=2) + "\n")
    print(f"written to {path.relative_to(ROOT)}")


def _measured(rounds: int, environments: dict[str, Path]) -> dict[str, list[Measured]]:
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    from benchmarks.load import Load
    from benchmarks.one import functions_of_workers

    functions_of_workers()
    work, address = Load.prepared(), os.environ["DATABASE_URL"]
    connection.ensure_connection()
    database = _postmaster()
    addresses = {}
    for peer in PEERS:
        name = peer.script.removesuffix(".py")
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name}")
        addresses[peer.name] = address.replace("/postgres?", f"/{name}?")
        peer.prepare(environments[peer.name], addresses[peer.name])
    found: dict[str, list[Measured]] = {OURS: [], **{peer.name: [] for peer in PEERS}}
    for _ in range(rounds):
        found[OURS].append(_ours(work, database))
        for peer in PEERS:
            how = (environments[peer.name], addresses[peer.name], database)
            found[peer.name].append(_theirs(peer, *how))
    return found


def _ours(work: Any, database: psutil.Process) -> Measured:
    from benchmarks.figures import moments
    from benchmarks.load import wait_for_workers
    from executions.models import Execution

    with workers(WORKERS) as pids:
        wait_for_workers(WORKERS)
        work.burst(WARM_UP)

        def load() -> list[list[float]]:
            before = set(Execution.objects.values_list("pk", flat=True))
            work.burst(OUR_COUNT)
            new = Execution.objects.exclude(pk__in=before).values_list("pk", flat=True)
            return list(moments(new).values())

        return _figures(load, lambda: work.singly(SINGLE)[1], pids, database)


def _theirs(peer: Peer, environment: Path, address: str, database: psutil.Process) -> Measured:
    python, script = environment / "bin" / "python", ROOT / "benchmarks" / "peers" / peer.script

    def load(count: int, how: str = "load") -> list[list[float]]:
        command: list[str | Path] = [python, script, how, address, str(count)]
        ran = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, check=True, timeout=LOAD_SECONDS
        )
        times: list[list[float]] = json.loads(ran.stdout.splitlines()[-1])
        return times

    with _running([python, script, "worker", address]) as pids:
        load(WARM_UP)
        singly = partial(load, SINGLE, "singly")
        return _figures(partial(load, peer.count), singly, pids, database)


@contextmanager
def _running(command: Sequence[Any]) -> Iterator[list[int]]:
    running = [subprocess.Popen(command) for _ in range(WORKERS)]
    try:
        yield [process.pid for process in running]
    finally:
        for process in running:
            process.kill()
        for process in running:
            process.wait(STOP_SECONDS)


def _figures(
    load: Callable[[], list[list[float]]],
    singly: Callable[[], list[list[float]]],
    pids: list[int],
    database: psutil.Process,
) -> Measured:
    """``load`` gives the rate and the processor time, ``singly`` the time between two steps."""
    from benchmarks.figures import between, percentile
    from benchmarks.one import cpu_seconds

    additions = _additions()
    used, used_there = cpu_seconds(pids), _database_seconds(database)
    times = load()
    used, used_there = cpu_seconds(pids) - used, _database_seconds(database) - used_there
    ends = sorted(max(each) for each in times)
    first, last = int(len(ends) * FROM), int(len(ends) * TO)
    return Measured(
        workflows_per_second=round((last - first) / (ends[last] - ends[first]), 1),
        step_to_step_ms=round(percentile(between(map(sorted, singly())), 0.5) * 1000, 2),
        worker_cpu_ms=round(used / len(times) * 1000, 2),
        database_cpu_ms=round(used_there / len(times) * 1000, 2),
        additions_ms=round(additions * 1000, 1),
    )


def _additions() -> float:
    began, total = time.process_time(), 0
    for number in range(1_000_000):
        total += number
    return time.process_time() - began


def _postmaster() -> psutil.Process:
    """The server's first process: the parent of the one that serves this process."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        parent = psutil.Process(cursor.fetchone()[0]).parent()
    assert parent is not None
    return parent


def _database_seconds(database: psutil.Process) -> float:
    """Processor time of the server, of connections that are closed too."""
    own = database.cpu_times()
    seconds = own.user + own.system + own.children_user + own.children_system
    for child in database.children(recursive=True):
        times = child.cpu_times()
        seconds += times.user + times.system
    return float(seconds)


def _environment(peer: Peer) -> Path:
    """The peer's packages, installed where they are not yet."""
    folder = ENVIRONMENTS / peer.script.removesuffix(".py")
    wanted = (ROOT / "benchmarks" / "peers" / peer.requirements).read_text()
    mark = folder / "installed.txt"
    if not mark.exists() or mark.read_text() != wanted:
        uv = str(Path(sys.executable).with_name("uv"))
        subprocess.run([uv, "venv", "--quiet", "--clear", folder], check=True)
        given = ROOT / "benchmarks" / "peers" / peer.requirements
        command: list[str | Path] = [
            uv,
            "pip",
            "install",
            "--quiet",
            "--python",
            folder / "bin" / "python",
        ]
        subprocess.run([*command, "--requirement", given], check=True)
        mark.write_text(wanted)
    return folder


def _print(found: dict[str, list[Measured]]) -> None:
    """Medians over the rounds, and ours as a multiple of each peer's in the same round."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Ten durable trivial steps, 2 workers, PostgreSQL", title_justify="left")
    table.add_column("")
    for name in found:
        table.add_column(name)
    for name in list(found)[1:]:
        table.add_column(f"ours ÷ {name}")
    for key in Measured.__dataclass_fields__:
        rows = {
            name: [getattr(each, key) for each in each_round] for name, each_round in found.items()
        }
        ratios = [
            statistics.median(
                ours / theirs for ours, theirs in zip(rows[OURS], rows[name], strict=True)
            )
            for name in list(found)[1:]
        ]
        medians = [f"{statistics.median(each):g}" for each in rows.values()]
        table.add_row(key.replace("_", " "), *medians, *(f"{ratio:.2f}" for ratio in ratios))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
