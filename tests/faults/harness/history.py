"""Triggers of the trial's database that write down what happened to each row, whoever did it: the
oracle's memory.
"""

from __future__ import annotations

from django.db import connection

_TABLES = (
    """CREATE TABLE faults_history (id {serial}, execution_id {uuid}, old_phase text, new_phase text,
       old_token bigint, new_token bigint, old_seq bigint, new_seq bigint)""",
    "CREATE TABLE faults_rewritten (id {serial}, execution_id {uuid}, path text, what text)",
)
_MOVED = """INSERT INTO faults_history (execution_id, old_phase, new_phase, old_token, new_token, old_seq, new_seq)
    VALUES (NEW.id, OLD.phase, NEW.phase, OLD.token, NEW.token, OLD.head_seq, NEW.head_seq);"""
_REWROTE = """INSERT INTO faults_rewritten (execution_id, path, what) VALUES (OLD.execution_id, OLD.path, 'changed');"""
_REMOVED = """INSERT INTO faults_rewritten (execution_id, path, what) VALUES (OLD.execution_id, OLD.path, 'removed');"""
# A finished step may only be superseded, or reinstated by a decision about that decision.
_FIXED = (
    "status",
    "output",
    "digest",
    "seq",
    "input",
    "error",
    "control",
    "path",
    "attempt",
    "context",
)


def _differs(different: str) -> str:
    changed = " OR ".join(f"OLD.{name} {different} NEW.{name}" for name in _FIXED)
    return f"OLD.finished_at IS NOT NULL AND OLD.seq IS NOT NULL AND ({changed})"


def install() -> None:
    """Make the tables and triggers, once per database."""
    postgres = connection.vendor == "postgresql"
    types = {
        "serial": "bigserial PRIMARY KEY" if postgres else "integer PRIMARY KEY",
        "uuid": "uuid" if postgres else "char(32)",
    }
    with connection.cursor() as cursor:
        for table in _TABLES:
            cursor.execute(table.format(**types))
        for name, event, table, when, body in (
            ("moved", "UPDATE", "executions_execution", "", _MOVED),
            (
                "rewrote",
                "UPDATE",
                "executions_step",
                _differs("IS DISTINCT FROM" if postgres else "IS NOT"),
                _REWROTE,
            ),
            ("removed", "DELETE", "executions_step", "", _REMOVED),
        ):
            condition = f"WHEN ({when})" if when else ""
            if postgres:
                end = "RETURN NULL;"
                cursor.execute(
                    f"CREATE FUNCTION faults_{name}() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN"
                    f" {body} {end} END$$"
                )
                run = f"EXECUTE FUNCTION faults_{name}()"
            else:
                run = f"BEGIN {body} END"
            cursor.execute(
                f"CREATE TRIGGER faults_{name} AFTER {event} ON {table} FOR EACH ROW {condition}"
                f" {run}"
            )
