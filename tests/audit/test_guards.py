"""The database itself refuses to change the trail, and that it does so is looked after."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from executions import audit
from executions.audit import guards
from executions.health.checks import State, check_audit_trail
from executions.models import AuditAnchor, AuditEntry

pytestmark = [pytest.mark.django_db, pytest.mark.database]
TABLE = guards.TABLE
STATEMENTS = [
    f"UPDATE {TABLE} SET reason = 'x'",
    f"UPDATE {TABLE} SET id = id + 1000",
    f"DELETE FROM {TABLE}",
    f"DELETE FROM {TABLE} WHERE id = (SELECT max(id) FROM {TABLE})",
]
OF_SQLITE = [
    f"INSERT OR REPLACE INTO {TABLE} SELECT id, {{rest}} FROM {TABLE}",
    f"REPLACE INTO {TABLE} SELECT id + 100, {{rest}} FROM {TABLE}",
]
OF_POSTGRES = [
    f"TRUNCATE {TABLE}",
    f"SET LOCAL session_replication_role = replica; DELETE FROM {TABLE}",
    f"INSERT INTO {TABLE} SELECT * FROM {TABLE} ON CONFLICT (id) DO UPDATE SET reason = 'x'",
]


def refused(statement: str) -> None:
    with (
        pytest.raises(DatabaseError) as problem,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert guards.REFUSAL in str(problem.value)


def test_no_statement_changes_an_entry(entries: list[int]) -> None:
    own = OF_SQLITE if connection.vendor == "sqlite" else OF_POSTGRES
    rest = [str(field.column) for field in AuditEntry._meta.fields if field.column != "id"]
    for statement in [*STATEMENTS, *own]:
        refused(statement.format(rest=", ".join(rest)))
    assert audit.verify() == audit.Verified(5, [])


def test_the_product_itself_cannot_either(entries: list[int]) -> None:
    for change in (
        lambda: AuditEntry.objects.update(reason="x"),
        lambda: AuditEntry.objects.all().delete(),
        lambda: AuditEntry.objects.get(pk=entries[0]).save(),
    ):
        with pytest.raises(DatabaseError, match=guards.REFUSAL), transaction.atomic():
            change()


def test_a_guard_that_is_missing_or_changed_is_a_problem_until_the_next_migrate(
    entries: list[int],
) -> None:
    guards.remove()
    found = audit.verify().problems
    assert {str(each.how) for each in found} == {"unguarded"}
    assert len(found) == len(guards.missing())
    audit.go_on()
    seen = check_audit_trail()
    assert (seen.state, "stigmer migrate" in seen.detail) == (State.DEGRADED, True)
    call_command("migrate", interactive=False, verbosity=0)
    assert audit.verify() == audit.Verified(5, [])
    audit.go_on()
    assert check_audit_trail().state == State.OK


def test_a_guard_that_does_nothing_is_none(entries: list[int]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER stigmer_audit_no_update")
            cursor.execute(
                f"CREATE TRIGGER stigmer_audit_no_update BEFORE UPDATE ON {TABLE}"
                " BEGIN SELECT 1; END"
            )
        else:
            cursor.execute(
                f"CREATE OR REPLACE FUNCTION {guards.FUNCTION}() RETURNS trigger"
                " LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
            )
    assert "stigmer_audit_no_update" in guards.missing() or len(guards.missing()) == 2
    guards.install()
    refused(f"UPDATE {TABLE} SET reason = 'x'")


def test_a_migration_that_rebuilds_the_table_is_noticed(entries: list[int]) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {TABLE} DISABLE TRIGGER stigmer_audit_no_change")
    else:
        with connection.cursor() as cursor:
            # What Django's _remake_table does.
            cursor.execute(f"CREATE TABLE new__{TABLE} AS SELECT * FROM {TABLE}")
            cursor.execute(f"DROP TABLE {TABLE}")
            cursor.execute(f"ALTER TABLE new__{TABLE} RENAME TO {TABLE}")
    assert guards.missing()
    guards.install()
    assert not guards.missing()
    refused(f"DELETE FROM {TABLE}")


def test_an_anchor_that_nobody_signed_lets_entries_go_and_shows(entries: list[int]) -> None:
    first = AuditEntry.objects.get(pk=entries[0])
    AuditAnchor.objects.create(
        last_id=entries[0],
        last_hash=first.hash,
        entries=1,
        file="nowhere",
        sha256="0",
        key=first.key,
        signature="0" * 64,
        created_at=first.created_at,
    )
    AuditEntry.objects.filter(pk=entries[0]).delete()
    refused(f"DELETE FROM {TABLE}")
    assert [str(each.how) for each in audit.verify().problems] == ["missing", "unsigned"]
