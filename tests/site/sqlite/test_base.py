"""Writers of SQLite that wait for one another."""

from __future__ import annotations

import contextlib
import sqlite3
import threading

import pytest
from django.contrib.auth.models import Group
from django.db import OperationalError, connection, transaction

from tests.troubles import impatient

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="SQLite's own"),
]


@pytest.fixture
def other() -> sqlite3.Connection:
    return sqlite3.connect(connection.settings_dict["NAME"], check_same_thread=False)


def test_a_transaction_begins_when_the_writer_before_it_is_done(other: sqlite3.Connection) -> None:
    with contextlib.closing(other):
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(0.05, other.rollback).start()
        with transaction.atomic():
            Group.objects.create(name="after")
    assert Group.objects.get().name == "after"


def test_who_waits_too_long_is_told_that_it_is_locked_and_waits_as_long_as_before_the_next_time(
    other: sqlite3.Connection,
) -> None:
    with contextlib.closing(other):
        other.execute("BEGIN IMMEDIATE")
        with impatient(0.01), pytest.raises(OperationalError, match="database is locked"), transaction.atomic():
            pass
        other.rollback()
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA busy_timeout").fetchone() == (10_000,)


def test_other_errors_of_a_beginning_are_not_waited_for() -> None:
    with transaction.atomic(), pytest.raises(OperationalError, match="within a transaction"):
        connection._start_transaction_under_autocommit()  # type: ignore[attr-defined]
