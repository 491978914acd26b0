"""The contents of a database of Stigmer, told by its own tables, of this schema or an older one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from executions.backups.errors import BackupError
from executions.states import ACTIVE_PHASES

Ask = Callable[[str], Sequence[Sequence[Any]]]
"""``ask(sql)``: the rows of a query, whatever driver asks it."""

OURS = "executions"
TABLES = (
    "django_migrations",
    *(f"{OURS}_{name}" for name in ("execution", "step", "event", "process")),
)
_UNFINISHED = ", ".join(f"'{phase}'" for phase in sorted(ACTIVE_PHASES))


@dataclass(frozen=True, slots=True)
class Contents:
    """``version`` is the newest release whose worker signed on, ``migrations`` what was applied.

    ``newest`` is when the latest entry of a history was written; empty where there is none.
    ``trail`` is the last entry of the audit trail, its number and its hash.
    """

    version: str
    migrations: frozenset[tuple[str, str]]
    executions: int
    unfinished: int
    steps: int
    newest: str
    trail: tuple[int, str] = (0, "")

    def sentence(self) -> str:
        """All of it in a line for a person."""
        ours = [name for app, name in self.migrations if app == OURS]
        written_by = f"Stigmer {self.version}" if self.version else "Stigmer"
        runs = f"{self.executions:,} runs ({self.unfinished:,} unfinished), {self.steps:,} steps"
        newest = f"; the newest entry is of {self.newest}" if self.newest else ""
        return f"{written_by}, migrations up to {OURS}.{max(ours, default='none')}, {runs}{newest}"


def read(ask: Ask, tables: Collection[str]) -> Contents:
    """The contents, where ``tables`` are there. Raises BackupError where they are not ours."""
    if missing := [table for table in TABLES if table not in tables]:
        raise BackupError(f"It is no database of Stigmer: the table {missing[0]} is missing.")
    versions = ask(f"SELECT version FROM {OURS}_process ORDER BY started_at DESC LIMIT 1")
    applied = ask("SELECT app, name FROM django_migrations")
    unfinished = f"SELECT count(*) FROM {OURS}_execution WHERE phase IN ({_UNFINISHED})"
    return Contents(
        version=versions[0][0] if versions else "",
        migrations=frozenset((app, name) for app, name in applied),
        executions=_number(ask, f"SELECT count(*) FROM {OURS}_execution"),
        unfinished=_number(ask, unfinished),
        steps=_number(ask, f"SELECT count(*) FROM {OURS}_step"),
        newest=_moment(ask(f"SELECT max(created_at) FROM {OURS}_event")[0][0]),
        trail=_trail(ask, tables),
    )


def refuse_newer(contents: Contents) -> None:
    """Raise BackupError where a backup has migrations that this code does not know."""
    from executions.supervisor.preflight import unknown_migrations

    if unknown := unknown_migrations(contents.migrations):
        raise BackupError(
            f"The backup is newer than this code: it has {', '.join(unknown[:3])}. "
            "Install the release that made it, then restore it."
        )


def _number(ask: Ask, sql: str) -> int:
    return int(ask(sql)[0][0])


def _trail(ask: Ask, tables: Collection[str]) -> tuple[int, str]:
    if f"{OURS}_auditentry" not in tables:
        return 0, ""
    rows = ask(f"SELECT id, hash FROM {OURS}_auditentry ORDER BY id DESC LIMIT 1")
    return (int(rows[0][0]), str(rows[0][1])) if rows else (0, "")


def _moment(value: Any) -> str:
    """SQLite tells it as text, in UTC; PostgreSQL in the time zone of the session."""
    if value is None:
        return ""
    text = value.astimezone(UTC).isoformat(" ") if isinstance(value, datetime) else str(value)
    return f"{text[:19]} UTC"
