"""Pages over a full database: ``python -m benchmarks.scale --executions 300000`` fills PostgreSQL
and times what people open.

A few executions are run for real, seven steps each: completed, failed, waiting. The database then
copies their rows as they are, with new ids and moments over 30 days and many owners. Each page is
asked for by a user and by an administrator; the figures are milliseconds of server time, of which
``database`` is the part inside statements. Before and after the fill runs are started and driven
here: ``driving`` has their processor time and its ratio, full to empty.
"""

from __future__ import annotations

import argparse
import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.db import connection
from rich.console import Console
from rich.table import Table

from benchmarks.surroundings import surroundings

OWNERS = 20
DAYS = 30
TRIES = 7
# What a page may take with a million executions.
ALLOWED_MS = 200
# Of a hundred executions so many are of each kind.
SHARES = {"completed": 96, "failed": 2, "waiting": 2}
HEAD = "document: {dsl: '1.0.0', namespace: benchmarks, name: %s, version: '1.0.0'}\ndo:\n"
SETS = "".join(f"- step{n}: {{set: {{n: {n}, text: 'a small result'}}}}\n" for n in range(1, 7))
LAST = {
    "completed": "- last: {set: {done: true}}\n",
    "failed": (
        "- last: {raise: {error: {type: 'https://example.org/full', status: 409, title: Full,"
        " detail: 'Shelf 17 has no room left'}}}\n"
    ),
    "waiting": "- last: {wait: {days: 20}}\n",
}
# Columns of a copy that are not those of its pattern.
KEY = (
    "(lpad(to_hex((extract(epoch FROM {at}) * 1000)::bigint), 12, '0') || '7' ||"
    " substr(md5({salt}), 1, 3) || '8' || substr(md5({salt}), 4, 15))::uuid"
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--executions", type=int, default=300_000, help="how many rows to make")
    chosen = parser.parse_args()
    with surroundings("postgres"):
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", interactive=False, verbosity=0)
        from benchmarks import driven

        empty = driven.cost()
        began = time.monotonic()
        patterns = _patterns()
        _fill(patterns, chosen.executions)
        filled = time.monotonic() - began
        full = driven.cost()
        pages = _pages(patterns)
        driving = {"empty": empty, "full": full, "ratio": driven.ratios(full, empty)}
        figures = {
            "rows": _rows(),
            "filled_seconds": round(filled),
            "driving": driving,
            "pages": pages,
        }
        print(json.dumps(figures, indent=2))
        Console(width=110).print(_table(pages))
        slow = [name for name, each in pages.items() if each["p50_ms"] > ALLOWED_MS]
        wrong = [name for name, each in pages.items() if each["status"] != 200]
        print(f"{len(pages)} pages; over {ALLOWED_MS} ms: {', '.join(slow) or 'none'}")
        print(f"not answered with 200: {', '.join(wrong) or 'none'}")


def _patterns() -> dict[str, Any]:
    """One real execution of each kind, driven here."""
    from django.contrib.auth.models import User

    from executions.driving.attempts.running import Running
    from executions.driving.driver import advance
    from executions.driving.store import Here
    from executions.intake.apply import apply_definition
    from executions.intake.start import start
    from executions.models import Execution, Process

    for number in range(OWNERS):
        User.objects.create_user(f"owner-{number}")
    root = User.objects.create_superuser("root", "root@example.org", uuid.uuid4().hex)
    process = Process.objects.create(kind="bench", host="here", pid=0)
    patterns = {}
    for kind, last in LAST.items():
        text = HEAD % kind + SETS + last
        workflow = apply_definition(text, root).workflow
        execution = start(workflow, root, input={})
        advance(execution.pk, process_id=process.pk, store=Here(), running=Running())
        patterns[kind] = Execution.objects.get(pk=execution.pk)
    return patterns


def _fill(patterns: dict[str, Any], count: int) -> None:
    with connection.cursor() as cursor:
        # Foreign keys of copies are those of their patterns.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SET idle_in_transaction_session_timeout = 0")
        for kind, pattern in patterns.items():
            copy_run(cursor, pattern.pk, kind, count * SHARES[kind] // 100)
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM (ANALYZE)")
    connection.close()


def copy_run(cursor: Any, pattern: uuid.UUID, kind: str, count: int) -> None:
    """So many copies of an execution with its steps and events, over the last days and the users
    with the lowest keys; ``kind`` begins their names.
    """
    at = f"now() - ({DAYS}::float8 * n / {max(1, count)}) * interval '1 day'"
    salt = f"'{kind}' || n"
    cursor.execute("DROP TABLE IF EXISTS copies")
    cursor.execute(
        f"CREATE TEMP TABLE copies AS SELECT n, {at} AS at, {KEY.format(at=at, salt=salt)} AS id"
        f" FROM generate_series(1, {count}) AS n"
    )
    owner = f"(SELECT min(id) FROM auth_user) + c.n %% {OWNERS}"
    own: dict[str, str | None] = {
        "id": "c.id",
        "slug": f"'{kind}-' || c.n",
        "name": f"'{kind}-' || c.n",
        "owner_id": owner,
        "correlation_id": "md5(c.n::text)",
        "created_at": "c.at",
        "started_at": "c.at",
        "ended_at": "CASE WHEN s.ended_at IS NULL THEN NULL ELSE c.at + interval '1 second' END",
        "failed_at": "CASE WHEN s.failed_at IS NULL THEN NULL ELSE c.at END",
        "last_checkpoint_at": "c.at",
    }
    _insert(cursor, "executions_execution", own, "s.id = %s", [pattern])
    step_key = KEY.format(at="c.at", salt="s.path || c.id::text")
    own = {
        "id": step_key,
        "execution_id": "c.id",
        "started_at": "c.at",
        "finished_at": "CASE WHEN s.finished_at IS NULL THEN NULL ELSE c.at END",
    }
    _insert(cursor, "executions_step", own, "s.execution_id = %s", [pattern])
    own = {"id": None, "execution_id": "c.id", "created_at": "c.at"}
    _insert(cursor, "executions_event", own, "s.execution_id = %s", [pattern])


def _insert(
    cursor: Any, table: str, own: dict[str, str | None], where: str, values: list[Any]
) -> None:
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table]
    )
    columns = [name for (name,) in cursor.fetchall() if own.get(name, "") is not None]
    picked = ", ".join(own.get(name) or f"s.{name}" for name in columns)
    cursor.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {picked} FROM {table} s, copies c WHERE"
        f" {where} ORDER BY c.at",
        values,
    )


def _rows() -> dict[str, Any]:
    from executions.models import Event, Execution, Step

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size('executions_step')")
        size = cursor.fetchone()[0]
    steps = Step.objects.count()
    return {
        "executions": Execution.objects.count(),
        "steps": steps,
        "events": Event.objects.count(),
        "bytes_a_step": round(size / steps),
    }


def _pages(patterns: dict[str, Any]) -> dict[str, dict[str, float]]:
    from django.contrib.auth.models import User
    from django.test import Client

    people = {
        "user": User.objects.get(username="owner-3"),
        "admin": User.objects.get(username="root"),
    }
    figures = {}
    for who, person in people.items():
        client = Client(SERVER_NAME="localhost")
        client.force_login(person)
        addresses = _addresses(patterns, who)
        if who == "admin":
            addresses |= _admin_lists(person)
        for name, address in addresses.items():
            figures[f"{name} ({who})"] = _timed(partial(client.get, address))
    return figures


def _admin_lists(person: Any) -> dict[str, str]:
    """Each list of the admin: its first and its last page, a search that finds nothing, and one
    choice of each of its filters. A list that is added comes along.
    """
    from django.contrib import admin
    from django.test import RequestFactory
    from django.urls import reverse

    addresses = {}
    for model, kind in admin.site._registry.items():
        name = f"admin {model._meta.verbose_name_plural}"
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        addresses[name] = address
        request = RequestFactory().get(address)
        request.user = person
        shown = kind.get_changelist_instance(request)
        if shown.paginator.num_pages > 1:
            addresses[f"{name}, last page"] = f"{address}?p={shown.paginator.num_pages}"
        if kind.get_search_fields(request):
            addresses[f"{name}, a search that finds nothing"] = f"{address}?q=zebra"
        for chosen in shown.filter_specs:
            query = str(list(chosen.choices(shown))[-1].get("query_string") or "")
            if query:
                addresses[f"{name}, by {chosen.title}"] = address + query
    return addresses


def _addresses(patterns: dict[str, Any], who: str) -> dict[str, str]:
    from django.contrib.auth.models import User

    from executions.models import Execution

    mine = Execution.objects.filter(name__startswith="failed")
    if who == "user":
        mine = mine.filter(owner=User.objects.get(username="owner-3"))
    one = mine.order_by("-id")[0]
    pages = {
        "overview": "/",
        "executions": "/executions/",
        "executions, failed": "/executions/?phase=FAILED",
        "executions, a word": "/executions/?q=completed-1234",
        "executions, a word of none": "/executions/?q=zebra",
        "execution": f"/executions/{one.public_id}/",
        "attention": "/attention/",
        "workflows": "/workflows/",
        "workflow": f"/workflows/{patterns['completed'].workflow.public_id}/",
        "inbox": "/inbox/",
        "events": "/events/",
        "approvals": "/approvals/",
        "workers": "/workers/",
        "api list": "/api/v1/workflow-executions",
    }
    if who == "admin":
        pages |= {
            "admin": "/admin/",
            "admin, a run": f"/admin/executions/execution/{one.pk}/change/",
            "metrics": "/metrics",
            "readyz": "/readyz",
        }
    return pages


def _timed(ask: Callable[[], Any]) -> dict[str, float]:
    """Milliseconds of a page, after one that fills caches."""
    answer, took, inside = ask(), [], []
    for _ in range(TRIES):
        with _statements() as spent:
            began = time.perf_counter()
            ask()
            took.append((time.perf_counter() - began) * 1000)
        inside.append(sum(spent))
    middle = sorted(range(TRIES), key=took.__getitem__)[TRIES // 2]
    return {
        "status": answer.status_code,
        "p50_ms": round(took[middle], 1),
        "most_ms": round(max(took), 1),
        "database_ms": round(inside[middle], 1),
        "kilobytes": round(len(getattr(answer, "content", b"")) / 1000, 1),
    }


@contextmanager
def _statements() -> Iterator[list[float]]:
    spent: list[float] = []

    def execute(run: Any, *statement: Any) -> Any:
        began = time.perf_counter()
        try:
            return run(*statement)
        finally:
            spent.append((time.perf_counter() - began) * 1000)

    with connection.execute_wrapper(execute):
        yield spent


def _table(pages: dict[str, dict[str, float]]) -> Table:
    table = Table(title="Pages, milliseconds of server time")
    for name in ("page", "status", "p50_ms", "most_ms", "database_ms", "kilobytes"):
        table.add_column(name.replace("_", " "))
    for page, figures in sorted(pages.items(), key=lambda each: -each[1]["p50_ms"]):
        table.add_row(page, *(str(value) for value in figures.values()))
    return table


if __name__ == "__main__":
    main()
