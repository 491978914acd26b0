"""The triggers by which the database itself refuses to change, delete or replace an entry.

They are made again after each migrate: a migration that rebuilds a table on SQLite loses them
without a word. An attacker may take them away; that shows, as ``verify`` looks for them.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

TABLE, ANCHORS = "executions_auditentry", "executions_auditanchor"
REFUSAL = "The audit trail is append-only"
FUNCTION = "stigmer_audit_guard"
# A prune that names its anchor in the same transaction may take what the anchor covers.
_LEAVES = f"EXISTS (SELECT 1 FROM {ANCHORS} WHERE is_open AND last_id >= OLD.id)"
_SQLITE = {
    "stigmer_audit_no_update": f"BEFORE UPDATE ON {TABLE}",
    "stigmer_audit_no_delete": f"BEFORE DELETE ON {TABLE} WHEN NOT {_LEAVES}",
    # REPLACE deletes rows without asking a trigger for deletions.
    "stigmer_audit_no_replace": (
        f"BEFORE INSERT ON {TABLE} WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE id = NEW.id"
        " OR hash = NEW.hash OR previous_hash = NEW.previous_hash)"
    ),
}
_BODY = f"""
BEGIN
  IF TG_OP = 'DELETE' AND TG_LEVEL = 'ROW' THEN
    IF {_LEAVES} THEN RETURN OLD; END IF;
  END IF;
  RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'insufficient_privilege';
END
"""
_POSTGRES = {
    "stigmer_audit_no_change": f"BEFORE UPDATE OR DELETE ON {TABLE} FOR EACH ROW",
    "stigmer_audit_no_truncate": f"BEFORE TRUNCATE ON {TABLE} FOR EACH STATEMENT",
}


def install(**_: Any) -> None:
    """Make what is missing or was changed; a receiver of ``post_migrate``."""
    if connection.vendor not in ("sqlite", "postgresql") or not _has_tables():
        return
    lacking = missing()
    if not lacking:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name in lacking:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
                cursor.execute(_sqlite_statement(name))
            return
        cursor.execute(
            f"CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql"
            f" AS $guard${_BODY}$guard$"
        )
        for name, when in _POSTGRES.items():
            cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON {TABLE}")
            cursor.execute(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION {FUNCTION}()")
            # Also in a session that replays what others wrote.
            cursor.execute(f"ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER {name}")


def remove() -> None:
    """Take them away, as tests do that empty the tables."""
    with connection.cursor() as cursor:
        for name in _SQLITE if connection.vendor == "sqlite" else _POSTGRES:
            on = "" if connection.vendor == "sqlite" else f" ON {TABLE}"
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")


def missing() -> list[str]:
    """The names of those that are missing, switched off or not what was made."""
    return _missing_of_sqlite() if connection.vendor == "sqlite" else _missing_of_postgres()


def _missing_of_sqlite() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [TABLE]
        )
        there = dict(cursor.fetchall())
    return [name for name in _SQLITE if there.get(name) != _sqlite_statement(name)]


def _missing_of_postgres() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.tgname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE t.tgrelid = to_regclass(%s) AND t.tgenabled = 'A' AND p.proname = %s"
            " AND p.prosrc = %s AND t.tgtype = ANY (%s)",
            # The bits of pg_trigger.h: row, before, delete, update, truncate.
            [TABLE, FUNCTION, _BODY, [1 | 2 | 8 | 16, 2 | 32]],
        )
        there = {row[0] for row in cursor.fetchall()}
    return [name for name in _POSTGRES if name not in there]


def _sqlite_statement(name: str) -> str:
    return f"CREATE TRIGGER {name} {_SQLITE[name]} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"


def _has_tables() -> bool:
    return {TABLE, ANCHORS} <= set(connection.introspection.table_names())
