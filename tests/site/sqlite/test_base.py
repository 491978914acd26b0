"""Writers of SQLite that wait for one another."""

from __future__ import annotations

import contextlib
import gc
import sqlite3
import threading
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.db import OperationalError, connection, transaction

from stigmer_site.databases import sqlite
from stigmer_site.sqlite.base import DatabaseWrapper
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
        with (
            impatient(0.01),
            pytest.raises(OperationalError, match="database is locked"),
            transaction.atomic(),
        ):
            pass
        other.rollback()
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA busy_timeout").fetchone() == (10_000,)


def test_other_errors_of_a_beginning_are_not_waited_for() -> None:
    with transaction.atomic(), pytest.raises(OperationalError, match="within a transaction"):
        connection._start_transaction_under_autocommit()  # type: ignore[attr-defined]


def test_a_wrapper_that_nobody_has_any_more_closes_its_connection(tmp_path: Path) -> None:
    entry = {"TIME_ZONE": None, "AUTOCOMMIT": True, "CONN_HEALTH_CHECKS": False}
    wrapper = DatabaseWrapper(sqlite(tmp_path / "d.sqlite3") | entry)
    wrapper.connect()
    inner = wrapper.connection
    del wrapper
    gc.collect()
    with pytest.raises(sqlite3.ProgrammingError, match="closed database"):
        inner.execute("SELECT 1")
