from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from stigmer_site import databases

HOME = Path("/srv/stigmer")


def test_without_an_address_it_is_sqlite_in_the_data_folder() -> None:
    entry = databases.from_url("", HOME, connections=8)
    assert entry["NAME"] == "/srv/stigmer/stigmer.sqlite3"
    assert entry["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_a_postgresql_address_is_taken_apart_and_pooled() -> None:
    entry = databases.from_url("postgresql://me:p%40ss@db:5433/flows?sslmode=require", HOME, connections=3)
    assert (entry["USER"], entry["PASSWORD"], entry["HOST"], entry["PORT"]) == ("me", "p@ss", "db", "5433")
    assert entry["NAME"] == "flows"
    assert entry["OPTIONS"]["sslmode"] == "require"
    assert entry["OPTIONS"]["pool"]["max_size"] == 3
    assert "statement_timeout=10s" in entry["OPTIONS"]["options"]


def test_options_of_the_address_come_after_ours_and_so_win() -> None:
    entry = databases.from_url("postgresql://db/flows?options=-c%20statement_timeout%3D1s", HOME, connections=3)
    assert entry["OPTIONS"]["options"].endswith("-c statement_timeout=1s")


def test_another_database_is_refused_with_what_is_allowed() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"begins with 'mysql'.*postgresql://.*sqlite:///"):
        databases.from_url("mysql://db/flows", HOME, connections=8)
