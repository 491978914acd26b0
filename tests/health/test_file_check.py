from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from executions.health.file_check import FileCheck
from stigmer_site.databases import sqlite
from stigmer_site.sqlite import damage
from stigmer_site.sqlite.base import DatabaseWrapper
from tests.waiting import until


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A file with a table of a few hundred pages, in a folder whose name has to be quoted."""
    folder = tmp_path / "a folder #1 ?%41"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "d.sqlite3")) as connection, connection:
        connection.execute("CREATE TABLE things (id INTEGER PRIMARY KEY, text)")
        rows = ((str(number) * 400,) for number in range(1000))
        connection.executemany("INSERT INTO things (text) VALUES (?)", rows)
    return folder / "d.sqlite3"


def hurt(database: Path) -> None:
    """Write over pages of the table; what began to read the file before does not see it coming."""
    with database.open("r+b") as file:
        for page in range(10, 60):
            file.seek(page * 4096)
            file.write(bytes(64))


def test_a_file_that_holds_together_has_no_problem(database: Path) -> None:
    assert FileCheck(database).problem() == ""


def test_a_damaged_file_is_known_at_the_first_look(database: Path) -> None:
    hurt(database)
    check = FileCheck(database)
    assert until(check.problem, what="the file was read")


@pytest.mark.django_db
def test_an_error_that_speaks_of_damage_makes_readiness_look_at_once(database: Path) -> None:
    check = FileCheck(database)
    assert check.problem() == ""
    hurt(database)
    assert check.problem() == "", "all of the file is read seldom"
    wrapper = DatabaseWrapper(
        sqlite(database) | {"TIME_ZONE": None, "AUTOCOMMIT": True, "CONN_HEALTH_CHECKS": False}
    )
    try:
        with wrapper.cursor() as cursor, pytest.raises(Exception, match="malformed"):
            cursor.execute("SELECT sum(length(text)) FROM things")
            cursor.fetchall()
    finally:
        wrapper.close()
    assert damage.is_noted(database)
    assert until(check.problem, what="the file was read")
    assert damage.is_noted(database)


def test_a_false_alarm_is_forgotten(database: Path) -> None:
    check = FileCheck(database)
    assert check.problem() == ""
    damage.note(database, "database disk image is malformed")
    until(
        lambda: check.problem() == "" and not damage.is_noted(database),
        what="the file was read anew",
    )


def test_a_file_that_took_the_place_of_a_damaged_one_is_looked_at(database: Path) -> None:
    whole = database.with_name("whole")
    whole.write_bytes(database.read_bytes())
    hurt(database)
    check = FileCheck(database)
    assert until(check.problem, what="the file was read")
    whole.replace(database)
    until(lambda: check.problem() == "", what="the new file was read")


def test_what_is_no_database_at_all_is_damaged(database: Path) -> None:
    database.write_bytes(b"not a database" * 1000)
    assert "not a database" in damage.first_problem(database)
