"""Statements that PostgreSQL keeps for a connection: what they answer, and how they fail."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import DatabaseError, connection, transaction

from executions.models import prepared
from executions.models.passing import Trouble, trouble

pytestmark = [
    pytest.mark.database,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        django_settings.DATABASES["default"]["ENGINE"].endswith("sqlite"),
        reason="SQLite's driver keeps its statements itself",
    ),
]
ECHO = "SELECT %s::int, %s::text, %s::boolean, %s::uuid, %s::timestamptz, %s::double precision"


@pytest.fixture
def raw() -> Iterator[Any]:
    """A connection of its own, which holds nothing from before."""
    import psycopg

    connection.ensure_connection()
    with psycopg.connect(connection.connection.info.dsn, autocommit=True) as made:
        yield made


def kept_by_the_server(raw: Any) -> int:
    row = raw.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()
    return int(row[0])


def test_values_come_back_as_they_were_given() -> None:
    moment = datetime(2026, 11, 30, 12, 0, 0, 123456, tzinfo=UTC)
    values = [7, "schräg 'quoted'", True, uuid.uuid4(), moment, 1e-07]
    assert prepared.prepared_rows(ECHO, values) == [tuple(values)]
    assert prepared.prepared_rows(ECHO, [None] * 6) == [(None,) * 6]


def test_the_server_keeps_a_bounded_number_of_statements(raw, monkeypatch) -> None:
    from executions.models import prepared_statements

    monkeypatch.setattr(prepared_statements, "MOST_STATEMENTS", 3)
    cursor = prepared_statements.cursor(raw)
    for number in (*range(8), 0):
        cursor.execute(f"SELECT {number}, %s::int", [1])
        assert cursor.fetchall() == [(number, 1)]
    assert kept_by_the_server(raw) == 3


def test_a_statement_that_the_server_refuses_is_an_error_of_django_and_the_next_one_runs() -> None:
    with pytest.raises(DatabaseError, match="division by zero"):
        prepared.prepared_rows("SELECT 1 / %s::int", [0])
    assert prepared.prepared_rows("SELECT 1 / %s::int", [1]) == [(1,)]


def test_the_first_statement_of_a_transaction_begins_it() -> None:
    with transaction.atomic():
        prepared.prepared_rows("SELECT set_config('stigmer.test', %s::text, true)", ["inside"])
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('stigmer.test')")
            assert cursor.fetchone() == ("inside",)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('stigmer.test')")
        assert cursor.fetchone() == ("",)


def test_a_connection_that_the_server_ends_is_trouble_that_passes() -> None:
    with pytest.raises(DatabaseError) as ended:
        prepared.prepared_rows("SELECT pg_terminate_backend(pg_backend_pid()) AND %s", [True])
    assert trouble(ended.value) is Trouble.AWAY
    connection.close()
    assert prepared.prepared_rows("SELECT %s::int", [1]) == [(1,)]


def test_a_connection_that_ended_without_a_word_is_trouble_that_passes() -> None:
    prepared.prepared_rows("SELECT %s::int", [1])
    with socket.fromfd(connection.connection.fileno(), socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.shutdown(socket.SHUT_RDWR)
    with pytest.raises(DatabaseError) as ended:
        prepared.prepared_rows("SELECT %s::int", [1])
    assert trouble(ended.value) is Trouble.AWAY
    connection.close()
    assert prepared.prepared_rows("SELECT %s::int", [1]) == [(1,)]


def test_behind_a_pooler_nothing_is_kept_by_the_server(raw) -> None:
    from executions.models import prepared_statements

    raw.prepare_threshold = None
    cursor = prepared_statements.cursor(raw)
    for _ in range(2):
        cursor.execute("SELECT %s::int, %s::text", [1, "a"])
        assert cursor.fetchall() == [(1, "a")]
    assert kept_by_the_server(raw) == 0


def test_who_looks_at_statements_sees_these_too() -> None:
    seen = []

    def look(execute, sql, params, many, context):
        seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        assert prepared.prepared_rows("SELECT %s::int", [3]) == [(3,)]
    assert seen == ["SELECT %s::int"]
