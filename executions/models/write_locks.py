"""Whether a write would go through now, or who keeps all writes out: a question that only a lock of
one's own answers.

Reading goes on while a migration, a VACUUM or a shell holds the database, so that what can be read
says nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.apps import apps
from django.db import Error, connection, transaction

from executions.models.lock_wait import lock_wait
from executions.models.passing import Trouble, trouble
from executions.said import Said

PATIENCE_SECONDS = 1.0
# The locks that an INSERT, UPDATE or DELETE has to wait for (PostgreSQL's manual, table of
# conflicting lock modes).
_MODES = ("ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock")
_HOLDERS = """
    SELECT c.relname, l.pid, extract(epoch FROM clock_timestamp() - a.xact_start)
    FROM pg_locks l
      JOIN pg_class c ON c.oid = l.relation
      LEFT JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.granted AND l.pid <> pg_backend_pid() AND l.mode = ANY(%s) AND c.relname = ANY(%s)
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    ORDER BY a.xact_start LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Holder:
    """The session that keeps writes out: ``table``, ``pid`` and ``seconds`` as far as the database
    tells (SQLite tells nothing).
    """

    table: str = ""
    pid: int | None = None
    seconds: float | None = None

    def __str__(self) -> str:
        return self.said()

    def said(self) -> Said:
        """The same, so that a page can say it in another language."""
        if self.pid is None and not self.table:
            return Said("another session has locked it")
        if self.pid is None:
            return Said("another session has locked {table}", table=self.table)
        if self.seconds is None:
            return Said(
                "another session (pid {pid}) has locked the table {table}",
                pid=self.pid,
                table=self.table,
            )
        return Said(
            "another session (pid {pid}) has locked the table {table} for {seconds:.0f} s",
            pid=self.pid,
            table=self.table,
            seconds=self.seconds,
        )

    def remedy(self) -> str:
        """The remedy for a person."""
        if self.pid is None:
            return Said(
                "Wait for it; what runs waits as well, loses nothing and goes on by itself."
            )
        return Said(
            "Wait for it or end it (`SELECT pg_terminate_backend({pid})`); what runs waits as well,"
            " loses nothing and goes on by itself.",
            pid=self.pid,
        )


def who_keeps_writes_out(seconds: float = PATIENCE_SECONDS) -> Holder | None:
    """The program that has locked the database, or one of its tables, for longer than ``seconds``;
    None where writes go through.

    Raises django.db.Error where the database does not answer.
    """
    if connection.vendor == "sqlite" and (connection.in_atomic_block or _reads_only()):
        # This transaction has the one lock, or this process may not even take it.
        return None
    try:
        with lock_wait(seconds), transaction.atomic():
            # On SQLite the transaction has taken the one lock as it began.
            if connection.vendor == "postgresql":
                _lock_all()
    except Error as problem:
        if trouble(problem) is not Trouble.BUSY:
            raise
        return _holder()
    return None


def _reads_only() -> bool:
    """`stigmer doctor` on SQLite: the web server's own /readyz tells it of locks."""
    return bool(connection.settings_dict["OPTIONS"].get("reads_only"))


def _lock_all() -> None:
    names = ", ".join(connection.ops.quote_name(name) for name in _tables())
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {names} IN ROW EXCLUSIVE MODE")


def _holder() -> Holder:
    if connection.vendor != "postgresql":
        return Holder()
    with connection.cursor() as cursor:
        cursor.execute(_HOLDERS, [list(_MODES), _tables()])
        row = cursor.fetchone()
    # It may have let go meanwhile, or wait for a lock itself with everybody behind it.
    return (
        Holder()
        if row is None
        else Holder(row[0], row[1], None if row[2] is None else float(row[2]))
    )


def _tables() -> list[str]:
    return sorted(model._meta.db_table for model in apps.get_app_config("executions").get_models())
