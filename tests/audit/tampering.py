"""What somebody with a database shell may do to a trail of five entries, once the triggers are out of
the way; they are put back afterwards, so that they tell nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from executions.audit import guards
from executions.audit.chain import CHAIN, link
from executions.models import AuditEntry, Turn

Tamper = Callable[[list[int]], None]


@contextmanager
def past_the_guards() -> Iterator[None]:
    guards.remove()
    yield
    guards.install()


@past_the_guards()
def change(pk: int, **columns: Any) -> None:
    AuditEntry.objects.filter(pk=pk).update(**columns)


def edit(ids: list[int]) -> None:
    change(ids[1], actor_name="somebody else")


def edit_what_followed(ids: list[int]) -> None:
    change(ids[1], after={"tried": 1, "from": []})


def edit_when_it_was(ids: list[int]) -> None:
    entry = AuditEntry.objects.get(pk=ids[1])
    change(ids[1], created_at=entry.created_at.replace(year=2001))


def edit_with_its_hash(ids: list[int]) -> None:
    change(ids[1], reason="nothing special")
    change(ids[1], hash=link(AuditEntry.objects.get(pk=ids[1])))


@past_the_guards()
def put_what_is_no_json(ids: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE executions_auditentry SET after = 'NaN' WHERE id = %s", [ids[1]])


@past_the_guards()
def put_what_is_no_moment(ids: list[int]) -> None:
    moment = "2026-99-99 00:00:00" if connection.vendor == "sqlite" else "infinity"
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE executions_auditentry SET created_at = %s WHERE id = %s", [moment, ids[1]]
        )


@past_the_guards()
def delete(ids: list[int]) -> None:
    AuditEntry.objects.filter(pk__in=ids[2:3]).delete()


@past_the_guards()
def delete_the_first(ids: list[int]) -> None:
    AuditEntry.objects.filter(pk__in=ids[:1]).delete()


@past_the_guards()
def delete_the_last(ids: list[int]) -> None:
    AuditEntry.objects.filter(pk__in=ids[4:]).delete()


@past_the_guards()
def delete_all(ids: list[int]) -> None:
    AuditEntry.objects.all().delete()


def forget_the_end(ids: list[int]) -> None:
    Turn.objects.filter(pk=CHAIN).delete()


def insert(ids: list[int]) -> None:
    """Between the second and the third, in the room that a rolled back transaction left."""
    for id in reversed(ids[2:]):
        change(id, id=id + 10)
    _forged(ids[2], previous_hash="0" * 64)


def append(ids: list[int]) -> None:
    _forged(ids[4] + 1, previous_hash=AuditEntry.objects.get(pk=ids[4]).hash)


def swap(ids: list[int]) -> None:
    change(ids[1], id=ids[4] + 10)
    change(ids[2], id=ids[1])
    change(ids[4] + 10, id=ids[2])


def move_to_the_end(ids: list[int]) -> None:
    change(ids[1], id=ids[4] + 1)


def move_the_first(ids: list[int]) -> None:
    change(ids[0], id=ids[4] + 1)


def fork(ids: list[int]) -> None:
    """A second entry behind the second one, once the database no longer keeps that out."""
    with past_the_guards():
        _without_unique_columns()
        _forged(ids[4] + 1, previous_hash=AuditEntry.objects.get(pk=ids[1]).hash)


def _without_unique_columns() -> None:
    table = AuditEntry._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"CREATE TABLE copy AS SELECT * FROM {table}")
            cursor.execute(f"DROP TABLE {table}")
            cursor.execute(f"ALTER TABLE copy RENAME TO {table}")
            return
        found = connection.introspection.get_constraints(cursor, table)
        for name, constraint in found.items():
            if constraint["unique"] and not constraint["primary_key"]:
                cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')


def _forged(id: int, previous_hash: str) -> None:
    entry = AuditEntry.objects.order_by("id")[0]
    entry.pk, entry.actor_name, entry.previous_hash = id, "mallory", previous_hash
    entry.hash = link(entry)
    entry.save(force_insert=True)
