"""Which errors pass by themselves: real ones of the database that is in use, and PostgreSQL's table
of codes.
"""

from __future__ import annotations

import contextlib
import sqlite3

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, OperationalError, ProgrammingError, connection, transaction
from django.db.backends.postgresql import base as postgresql

from executions.models import Process
from executions.models.passing import Trouble, trouble

on_sqlite = pytest.mark.skipif(
    settings.DATABASES["default"]["ENGINE"].endswith("postgresql"), reason="SQLite's own"
)
on_postgres = pytest.mark.skipif(
    settings.DATABASES["default"]["ENGINE"].endswith("sqlite"), reason="PostgreSQL's own"
)


def raised_by(sql: str) -> DatabaseError:
    with (
        pytest.raises(DatabaseError) as caught,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
    return caught.value


@pytest.mark.database
@pytest.mark.django_db(transaction=True)
def test_a_mistake_in_a_statement_does_not_pass():
    assert trouble(raised_by("SELECT * FROM there_is_no_such_table")) is None


@on_sqlite
@pytest.mark.django_db(transaction=True)
def test_a_locked_file_is_busy_and_a_full_one_full():
    path = connection.settings_dict["NAME"]
    with contextlib.closing(sqlite3.connect(path)) as other, connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout=0")
        other.execute("BEGIN IMMEDIATE")
        assert trouble(raised_by("SELECT 1")) is Trouble.BUSY
        other.rollback()
        cursor.execute("PRAGMA busy_timeout=10000")
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count={pages}")
        try:
            with pytest.raises(OperationalError) as caught, transaction.atomic():
                Process.objects.bulk_create(
                    [Process(kind="worker", host="x" * 200, pid=n) for n in range(20_000)]
                )
        finally:
            cursor.execute("PRAGMA max_page_count=1073741823")
    assert trouble(caught.value) is Trouble.FULL


@on_postgres
@pytest.mark.database
@pytest.mark.django_db(transaction=True)
def test_a_statement_that_takes_too_long_is_slow():
    assert (
        trouble(raised_by("SET LOCAL statement_timeout='10ms'; SELECT pg_sleep(30)"))
        is Trouble.SLOW
    )


@on_postgres
@pytest.mark.database
@pytest.mark.django_db(transaction=True)
def test_an_ended_session_is_a_database_that_is_away():
    assert trouble(raised_by("SELECT pg_terminate_backend(pg_backend_pid())")) is Trouble.AWAY
    connection.close()


@pytest.mark.parametrize(
    ("sqlstate", "expected"),
    [
        ("40001", Trouble.BUSY),
        ("40P01", Trouble.BUSY),
        ("55P03", Trouble.BUSY),
        ("57014", Trouble.SLOW),
        ("08006", Trouble.AWAY),
        ("57P01", Trouble.AWAY),
        ("57P03", Trouble.AWAY),
        ("53300", Trouble.AWAY),
        ("25006", Trouble.AWAY),
        ("53100", Trouble.FULL),
        ("42P01", None),
        ("23505", None),
    ],
)
def test_what_each_code_of_postgresql_means(sqlstate, expected):
    with (
        pytest.raises(DatabaseError) as caught,
        postgresql.DatabaseWrapper({}).wrap_database_errors,
    ):
        raise psycopg.errors.lookup(sqlstate)("as the server said it")
    assert trouble(caught.value) is expected


def test_a_server_that_cannot_be_reached_is_away_and_no_error_is_no_trouble():
    with (
        pytest.raises(OperationalError) as caught,
        postgresql.DatabaseWrapper({}).wrap_database_errors,
    ):
        psycopg.connect("host=127.0.0.1 port=1 connect_timeout=5")
    assert trouble(caught.value) is Trouble.AWAY
    assert trouble(None) is trouble(ValueError("x")) is None
    assert trouble(ProgrammingError("x")) is None
