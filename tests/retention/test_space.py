"""What retention frees is given back: a file that can, stops growing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection

from executions.retention import space
from stigmer_site.sqlite.files import make_shrinkable


def test_a_new_file_can_shrink_and_one_of_before_cannot_until_it_is_written_anew(
    tmp_path: Path,
) -> None:
    for name in ("new", "old"):
        path = tmp_path / name
        if name == "old":
            path.touch()
        make_shrinkable(path)
        with closing(sqlite3.connect(path)) as own:
            own.execute("CREATE TABLE t (x)")
            mode = own.execute("PRAGMA auto_vacuum").fetchone()[0]
            assert mode == (space.INCREMENTAL if name == "new" else 0)


@pytest.mark.django_db
def test_the_database_of_an_installation_can(settings) -> None:
    assert space.can_give_back() == (connection.vendor == "sqlite")


@pytest.mark.django_db
@pytest.mark.database
def test_what_is_left_on_the_disk_is_known_where_the_database_is_on_this_machine() -> None:
    here = space.size()
    assert here.used > 0 and here.left is not None and here.left > 0


@pytest.mark.database
def test_a_folder_that_is_not_here_leaves_the_disk_unknown(tmp_path: Path) -> None:
    assert space._left_beside(str(tmp_path / "inside" / "another" / "container")) is None


@pytest.mark.django_db(transaction=True)
def test_what_is_free_is_given_back_a_little_at_a_time() -> None:
    if connection.vendor != "sqlite":
        assert space.give_back() == 0
        return
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE filler (x)")
        cursor.execute("INSERT INTO filler SELECT zeroblob(4096) FROM executions_turn")
        for _ in range(300):
            cursor.execute("INSERT INTO filler VALUES (zeroblob(8192))")
        cursor.execute("DROP TABLE filler")
    before = space.size()
    assert before.free > 1_000_000
    given = space.give_back(100)
    assert 0 < given <= 110 * 4096
    while space.give_back():
        pass
    assert space.size().free == 0
    assert space.size().bytes < before.bytes - 1_000_000
