"""Runs as lines of an archive: all that belongs to them, with the texts of what they ran."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count

import stigmer_site
from executions import clock, showing
from executions.models import AgentVersion, Execution, Step, WorkflowVersion
from executions.retention.format import FORMAT, Writer, exact, plain
from executions.retention.tables import RUN, Table, tables

# The columns that hold people, so that a reader with other numbers knows whom.
_PEOPLE = ("owner_id", "actor_id", "reviewer_id", "user_id")
# About a hundred small runs, or one whose values are large.
STEPS_TOGETHER = 200
Redact = Callable[[str], str]


def header(writer: Writer, purpose: str) -> None:
    """The head of a file; ``purpose`` says why it was written."""
    writer.line(
        {
            "t": "archive",
            "format": FORMAT,
            "version": stigmer_site.__version__,
            "made_at": clock.now().isoformat(),
            "about": purpose,
        }
    )


def definitions(writer: Writer, executions: Iterable[Execution]) -> None:
    """The texts of what these runs ran, each once."""
    written: set[uuid.UUID] = set()
    for execution in executions:
        version = version_of(execution)
        if version is None or version.pk in written:
            continue
        written.add(version.pk)
        subject = execution.subject
        writer.line(
            {
                "t": "definition",
                "of": execution.kind,
                "slug": subject.slug,
                "namespace": getattr(subject, "namespace", ""),
                "number": version.number,
                "digest": version.digest,
                "source": version.source,
            }
        )


def add(writer: Writer, executions: Sequence[Execution], redact: Redact | None = None) -> set[str]:
    """Write runs with all their rows; the ids of those of which ``redact`` changed anything.

    Small runs are read together, a large one row after row.
    """
    changed: set[str] = set()
    names: dict[int, str] = {}
    for some in _groups(executions):
        keys = [execution.pk for execution in some]
        if len(some) == 1:
            of_tables = ((table, table.read(keys)) for table in tables())
            changed |= _run(writer, some[0], of_tables, redact, names)
            continue
        read = {table: _by_run(table.read(keys)) for table in tables()}
        for execution in some:
            of_tables = ((table, iter(read[table].get(execution.pk, ()))) for table in tables())
            changed |= _run(writer, execution, of_tables, redact, names)
    return changed


def _run(
    writer: Writer,
    execution: Execution,
    of_tables: Iterable[tuple[Table, Iterator[dict[str, Any]]]],
    redact: Redact | None,
    names: dict[int, str],
) -> set[str]:
    version, is_redacted, people = version_of(execution), False, set[int]()
    writer.begin()
    writer.line(
        {
            "t": "run",
            "id": execution.public_id,
            "name": execution.name,
            "phase": str(execution.phase),
            "owner": execution.owner.get_username(),
            "subject": execution.subject.slug,
            "version": "" if version is None else version.digest,
        }
    )
    for table, rows in of_tables:
        texts = table.texts()
        for row in rows:
            row.pop(RUN)
            people |= {row[name] for name in _PEOPLE if row.get(name) is not None}
            values, changed = _values(row, texts, redact)
            is_redacted = is_redacted or changed
            writer.row(table.name, values)
    if unknown := people - names.keys():
        names |= dict(User.objects.filter(pk__in=unknown).values_list("pk", "username"))
    usernames = {str(key): names[key] for key in sorted(people) if key in names}
    writer.end(execution.public_id, usernames, is_redacted)
    return {execution.public_id} if is_redacted else set()


def _groups(executions: Sequence[Execution]) -> Iterator[list[Execution]]:
    """Runs that have few steps together, and each that has many alone."""
    rows = Step.objects.filter(execution__in=[each.pk for each in executions]).order_by()
    steps = dict(rows.values_list("execution").annotate(Count("pk")))
    group: list[Execution] = []
    held = 0
    for execution in executions:
        number = steps.get(execution.pk, 0)
        if group and held + number > STEPS_TOGETHER:
            yield group
            group, held = [], 0
        group.append(execution)
        held += number
    if group:
        yield group


def _by_run(rows: Iterator[dict[str, Any]]) -> dict[uuid.UUID, list[dict[str, Any]]]:
    by_run: dict[uuid.UUID, list[dict[str, Any]]] = {}
    for row in rows:
        by_run.setdefault(row[RUN], []).append(row)
    return by_run


def version_of(execution: Execution) -> WorkflowVersion | AgentVersion | None:
    """The definition that it runs, word by word."""
    return execution.agent_version if execution.kind == "agent" else execution.version


def redacted(text: str) -> str:
    """A column's text as people may see it."""
    return str(showing.value(text))


def _values(
    row: Mapping[str, Any], texts: list[str], redact: Redact | None
) -> tuple[dict[str, Any], bool]:
    values: dict[str, Any] = {}
    changed = False
    for name, value in row.items():
        redacted_value = value if redact is None or not isinstance(value, str) else redact(value)
        changed = changed or redacted_value != value
        values[name] = exact(redacted_value) if name in texts else plain(redacted_value)
    return values, changed
