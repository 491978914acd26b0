from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection, transaction

from executions.models import Process
from executions.models.passing import Trouble, trouble
from stigmer_site import databases
from tests.settings import TEST_DATABASE

HOME = Path("/srv/stigmer")


def test_without_an_address_it_is_sqlite_in_the_data_folder() -> None:
    entry = databases.from_url("", HOME)
    assert entry["NAME"] == "/srv/stigmer/stigmer.sqlite3"
    assert entry["OPTIONS"]["lock_seconds"] == 10


def test_a_postgresql_address_is_taken_apart_and_pooled() -> None:
    entry = databases.from_url(
        "postgresql://me:p%40ss@db:5433/flows?sslmode=require&connections=3&prepared=off", HOME
    )
    assert (entry["USER"], entry["PASSWORD"], entry["HOST"], entry["PORT"]) == (
        "me",
        "p@ss",
        "db",
        "5433",
    )
    assert entry["NAME"] == "flows"
    assert entry["OPTIONS"]["sslmode"] == "require"
    assert entry["OPTIONS"]["pool"]["max_size"] == 3
    assert entry["OPTIONS"]["prepare_threshold"] is None
    assert "statement_timeout=10s" in entry["OPTIONS"]["options"]


@pytest.mark.parametrize(
    "query", ["connections=1", "connections=many", "connections=1000", "prepared=perhaps"]
)
def test_an_option_of_ours_that_cannot_be_used_is_refused(query: str) -> None:
    name = query.partition("=")[0]
    with pytest.raises(ImproperlyConfigured, match=f"`{name}` in DATABASE_URL is"):
        databases.from_url(f"postgresql://db/flows?{query}", HOME)


def test_options_of_the_address_come_after_ours_and_so_win() -> None:
    entry = databases.from_url("postgresql://db/flows?options=-c%20statement_timeout%3D1s", HOME)
    assert entry["OPTIONS"]["options"].endswith("-c statement_timeout=1s")


def test_another_database_is_refused_with_what_is_allowed() -> None:
    with pytest.raises(
        ImproperlyConfigured, match=r"begins with 'mysql'.*postgresql://.*sqlite:///"
    ):
        databases.from_url("mysql://db/flows", HOME)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////srv/a#b.sqlite3",
        "sqlite:////srv/a?b.sqlite3",
        "sqlite://srv/a.sqlite3",
        "postgresql://me:p#ss@db/flows",
        "postgresql://me:pass@db/flows#1",
        "postgresql://me:pa/ss@db/flows",
        "postgresql://me@[db/flows",
    ],
)
def test_an_address_that_means_something_else_than_it_says_is_refused_without_its_password(
    url: str,
) -> None:
    with pytest.raises(ImproperlyConfigured, match="%23") as refused:
        databases.from_url(url, HOME)
    assert "ss" not in str(refused.value).replace("address", "")


def test_an_sqlite_address_may_name_any_path() -> None:
    entry = databases.from_url("sqlite:////srv/d%C3%A0ta%20%231/%3F%25.sqlite3", HOME)
    assert entry["NAME"] == "/srv/dàta #1/?%.sqlite3"


@pytest.mark.database
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(TEST_DATABASE != "postgres", reason="limits of PostgreSQL")
@pytest.mark.parametrize("kind", ["pooled", "beside the pool"])
def test_no_connection_waits_for_a_statement_a_lock_or_an_idle_transaction_for_ever(
    kind: str,
) -> None:
    connection.ensure_connection()
    named: Any = connection
    # The pool's is what everything uses; the other is how health asks why the pool has none.
    raw = named.connection if kind == "pooled" else psycopg.connect(**named.get_connection_params())
    try:
        found = {
            name: raw.execute(f"SHOW {name}").fetchall()[0][0] for name in databases.POSTGRES_LIMITS
        }
    finally:
        if kind != "pooled":
            raw.close()
    assert found == databases.POSTGRES_LIMITS


@pytest.mark.database
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(TEST_DATABASE != "postgres", reason="limits of PostgreSQL")
def test_who_is_idle_in_a_transaction_loses_it_and_what_it_held() -> None:
    """With the limit shortened, as nobody wants to wait for the real one."""
    row = Process.objects.create(kind="worker", host="held", pid=1)
    with (
        pytest.raises(DatabaseError) as caught,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '20ms'")
        Process.objects.filter(pk=row.pk).update(pid=2)
        address = {
            "host": connection.settings_dict["HOST"],
            "dbname": connection.settings_dict["NAME"],
        }
        with psycopg.connect(user="postgres", **address) as other:
            # Waits for the row until its holder was ended.
            other.execute("UPDATE executions_process SET pid = 3")
        Process.objects.filter(pk=row.pk).update(pid=4)
    assert trouble(caught.value) is Trouble.AWAY
    connection.close()
    assert Process.objects.get(pk=row.pk).pid == 3
