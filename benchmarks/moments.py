"""When what happened to an execution: triggers in the measured database write it down, whoever did
it.

SQLite tells the time in milliseconds, PostgreSQL in microseconds; both tell that of this host.
"""

from __future__ import annotations

import uuid

from django.db import connection

TABLE = (
    "CREATE TABLE IF NOT EXISTS bench_moments (what text, execution_id {uuid}, process_id {uuid},"
    " at {number})"
)
# What is noted, on which table, and when.
_TRIGGERS = {
    "dead": (
        "executions_process",
        "OLD.dead_at IS NULL AND NEW.dead_at IS NOT NULL",
        "NULL",
        "NEW.id",
    ),
    "rung": (
        "executions_execution",
        "NEW.rung_at IS NOT NULL AND OLD.rung_at IS NULL",
        "NEW.id",
        "NEW.process_id",
    ),
    "claimed": ("executions_execution", "NEW.token > OLD.token", "NEW.id", "NEW.process_id"),
}


def install() -> None:
    """Make the table and the triggers in a database that the server has prepared."""
    postgres = connection.vendor == "postgresql"
    now = (
        "extract(epoch from clock_timestamp())"
        if postgres
        else "(julianday('now') - 2440587.5) * 86400.0"
    )
    with connection.cursor() as cursor:
        kinds = (
            {"uuid": "uuid", "number": "double precision"}
            if postgres
            else {"uuid": "char(32)", "number": "real"}
        )
        cursor.execute(TABLE.format(**kinds))
        for what, (table, when, execution, process) in _TRIGGERS.items():
            note = f"INSERT INTO bench_moments VALUES ('{what}', {execution}, {process}, {now});"
            run = f"BEGIN {note} END"
            if postgres:
                cursor.execute(
                    f"CREATE FUNCTION bench_{what}() RETURNS trigger LANGUAGE plpgsql AS "
                    f"$$BEGIN {note} RETURN NULL; END$$"
                )
                run = f"EXECUTE FUNCTION bench_{what}()"
            cursor.execute(
                f"CREATE TRIGGER bench_{what} AFTER UPDATE ON {table} FOR EACH ROW WHEN ({when})"
                f" {run}"
            )


def after(moment: float, execution_id: uuid.UUID, process_id: uuid.UUID) -> dict[str, float]:
    """Seconds from ``moment`` until ``process_id`` was declared dead, and what was next done with
    the execution.
    """
    keys = [str(execution_id), str(process_id)]
    if connection.vendor != "postgresql":
        keys = [key.replace("-", "") for key in keys]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT what, min(at) FROM bench_moments WHERE at > %s AND (what <> 'dead' AND"
            " execution_id = %s OR what = 'dead' AND process_id = %s) GROUP BY what",
            [moment - 0.001, *keys],
        )
        return {what: at - moment for what, at in cursor.fetchall()}
