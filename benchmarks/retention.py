"""How retention fares with many runs: archived, killed half-way, resumed; a file over ten cycles;
what one large journal gives back.

    python -m benchmarks.retention                       # SQLite in a folder of its own
    python -m benchmarks.retention --runs 10000 --cycles 10
    DATABASE_URL=postgresql://… python -m benchmarks.retention --runs 100000

Runs are copies of one that was really driven, so that a hundred thousand are there in a minute.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

TEXT = """\
document: {dsl: '1.0.0', namespace: bench, name: kept, version: '1.0.0'}
do:
  - first: {set: {order: 17, lines: [1, 2, 3], note: "a text of some length, as runs have it"}}
  - second: {set: {sum: "${ .order + 1 }"}}
  - third: {set: {done: true}}
"""
PRUNE = "from benchmarks.retention import prune; prune()"
AT_ONCE = 5_000
_SLUG = "'kept-' || k.key"
_NEW = {"sqlite": "lower(hex(randomblob(16)))", "postgresql": "gen_random_uuid()"}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--cycles", type=int, default=10)
    parser.add_argument("--cycle-runs", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--document-bytes", type=int, default=200 * 1024)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stigmer-retention-") as folder:
        os.environ["STIGMER_HOME"] = folder
        os.environ["STIGMER_RETENTION"] = "COMPLETED=30"
        os.environ["STIGMER_LOG_LEVEL"] = "ERROR"
        os.environ["DJANGO_SETTINGS_MODULE"] = "stigmer_site.settings"
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", interactive=False, verbosity=0)
        print(json.dumps(_measured(chosen), indent=1))


def _measured(chosen: argparse.Namespace) -> dict[str, Any]:
    return {
        "many": _many(chosen.runs),
        "cycles": _cycles(chosen.cycles, chosen.cycle_runs),
        "large": _large(chosen.rounds, chosen.document_bytes),
    }


def _many(runs: int) -> dict[str, Any]:
    """Archive them, kill -9 half-way, go on."""
    from executions.models import Archive, Execution, PrunedExecution
    from executions.retention import space
    from executions.retention.format import verify

    began = time.monotonic()
    _make(runs)
    said: dict[str, Any] = {"runs": runs, "made_in": _passed(began), "bytes": space.size().bytes}
    began = time.monotonic()
    child = subprocess.Popen([sys.executable, "-c", PRUNE])
    while Execution.objects.count() > runs / 2:
        time.sleep(0.2)
    child.send_signal(signal.SIGKILL)
    child.wait()
    said["killed_after"], said["left"] = _passed(began), Execution.objects.count()
    said["files_when_killed"] = Archive.objects.count()
    began = time.monotonic()
    said["longest_transaction_ms"] = _wait_beside(subprocess.Popen([sys.executable, "-c", PRUNE]))
    said["resumed_for"] = _passed(began)
    files = sorted(_folder().glob("*.jsonl.gz"))
    sealed = [verify(path) for path in files]
    said["left_at_the_end"], said["marks"] = (
        Execution.objects.count(),
        PrunedExecution.objects.count(),
    )
    said["runs_in_files"] = sum(each.runs for each in sealed)
    said["archives"], said["archive_bytes"] = len(files), sum(each.stat().st_size for each in files)
    said["bytes_after"] = space.size().bytes
    said["megabytes_of_memory"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    return said


def _wait_beside(child: subprocess.Popen[bytes]) -> float:
    """How long the longest small write of somebody else took meanwhile."""
    from executions.models import Turn

    longest = 0.0
    while child.poll() is None:
        began = time.monotonic()
        Turn.objects.update_or_create(name="beside", defaults={"value": "x"})
        longest = max(longest, time.monotonic() - began)
        time.sleep(0.01)
    return round(longest * 1000, 1)


def _cycles(cycles: int, runs: int) -> list[dict[str, int]]:
    """As many runs made and archived, again and again: does the file grow?"""
    from executions.retention import space

    sizes = []
    for _ in range(cycles):
        _make(runs)
        full = space.size().bytes
        prune()
        sizes.append({"full": full, "after": space.size().bytes})
    return sizes


def _large(rounds: int, size: int) -> dict[str, Any]:
    """One run that goes over a large document again and again."""
    from executions.models import Execution, Step
    from executions.retention import space

    before = space.size().bytes
    (execution,) = _make(1)
    template = Step.objects.filter(execution=execution).exclude(seq=None).first()
    assert template is not None
    document = {"text": "x" * size}
    for number in range(rounds):
        template.pk = None
        template.id = _uuid7()
        template.path, template.seq = f"/round-{number}", 1_000 + number
        template.input = template.output = document
        template.save(force_insert=True)
    full = space.size().bytes
    began = time.monotonic()
    prune()
    assert not Execution.objects.filter(pk=execution).exists()
    return {
        "rounds": rounds,
        "document_bytes": size,
        "grew_by": full - before,
        "given_back": full - space.size().bytes,
        "seconds": _passed(began),
        "archive_bytes": max(_folder().glob("*.jsonl.gz")).stat().st_size,
    }


def prune() -> None:
    """Until nothing is due."""
    import django

    django.setup()
    from executions.retention import pruning, space

    after = None
    while (done := pruning.go_on(after)) is not None:
        after = done.last or after
        while space.give_back():
            pass
    while space.give_back():
        pass


def _make(runs: int) -> list[Any]:
    """Copies of a run that completed, all a hundred days old."""
    from django.contrib.auth.models import User
    from django.db import connection

    from executions import clock
    from executions.driving.attempts.running import Running
    from executions.driving.driver import advance
    from executions.driving.store import Here
    from executions.intake.apply import apply_definition
    from executions.intake.start import start
    from executions.models import Event, Execution, Process, Step

    owner, _ = User.objects.get_or_create(username="bench")
    process = Process.objects.create(kind="worker", host="bench", pid=os.getpid(), slots=1)
    workflow = apply_definition(TEXT, owner).workflow
    run = start(workflow, owner, input={"order": 17})
    running = Running()
    while advance(run.pk, process_id=process.pk, store=Here(), running=running):
        pass
    run = Execution.objects.get(pk=run.pk)
    at = clock.now() - _days(100)
    made = [_uuid7(at) for _ in range(runs)]
    when = dict.fromkeys(("created_at", "started_at", "ended_at"), "%s")
    for start_at in range(0, runs, AT_ONCE):
        some = made[start_at : start_at + AT_ONCE]
        _copied(Execution, {"id": run.pk}, some, {"id": "k.key", "slug": _SLUG, **when}, [at] * 3)
        own = {"execution_id": "k.key"}
        _copied(Step, {"execution_id": run.pk}, some, {**own, "id": _NEW[connection.vendor]}, [])
        _copied(Event, {"execution_id": run.pk}, some, own, [])
    run.delete()
    return made


def _copied(
    model: Any, of: dict[str, Any], keys: list[Any], other: dict[str, str], at: Any
) -> None:
    """Rows like those of one run, for each of these keys, by the database itself."""
    from django.db import connection, transaction

    left_out = {"id"} if "id" not in other and "id" not in of else set()
    columns = [f.column for f in model._meta.concrete_fields if f.column not in left_out]
    values = ", ".join(other.get(name, f't."{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    (name, value), table = next(iter(of.items())), model._meta.db_table
    adapted = [connection.ops.adapt_datetimefield_value(each) for each in at]
    is_sqlite = connection.vendor == "sqlite"
    with transaction.atomic(), connection.cursor() as cursor:
        kind = "text" if is_sqlite else "uuid"
        cursor.execute(f"CREATE TEMPORARY TABLE k (key {kind})")
        parameters = [(key.hex if is_sqlite else key,) for key in keys]
        cursor.executemany("INSERT INTO k VALUES (%s)", parameters)
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} t, k"
            f' WHERE t."{name}" = %s',
            [*adapted, value.hex if is_sqlite else value],
        )
        cursor.execute("DROP TABLE k")


def _uuid7(at: Any = None) -> Any:
    import uuid

    from executions.ids import least_uuid7, uuid7

    if at is None:
        return uuid7()
    return uuid.UUID(int=least_uuid7(at).int | uuid7().int & ((1 << 62) - 1))


def _days(number: int) -> Any:
    from datetime import timedelta

    return timedelta(days=number)


def _folder() -> Path:
    from django.conf import settings

    folder: Path = settings.STIGMER_ARCHIVE_FOLDER
    return folder


def _passed(began: float) -> float:
    return round(time.monotonic() - began, 1)


if __name__ == "__main__":
    main()
