"""Writers of SQLite take turns."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.db import OperationalError, connection

from stigmer_site.sqlite import turns
from stigmer_site.sqlite.turns import Turns
from tests.troubles import impatient

SECONDS = 60.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "database.turn"


@contextlib.contextmanager
def opened(file: Path) -> Iterator[Turns]:
    own = Turns(file)
    try:
        yield own
    finally:
        own.close()


def locked() -> sqlite3.OperationalError:
    problem = sqlite3.OperationalError("database is locked")
    problem.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return problem


def test_a_writer_that_has_waited_for_long_writes_before_those_that_come_later(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "FIRST_AFTER_SECONDS", 0.0)
    monkeypatch.setattr(turns, "ASIDE_SECONDS", SECONDS)
    order: list[str] = []
    is_tried_often, is_free = threading.Event(), threading.Event()
    tries = 0

    def waits() -> None:
        nonlocal tries
        tries += 1
        if tries == 5:
            is_tried_often.set()
        if not is_free.is_set():
            raise locked()
        order.append("waited")

    def write_later() -> None:
        with opened(file) as own:
            own.take(lambda: order.append("later"), SECONDS)

    with opened(file) as own:
        waiting = threading.Thread(target=own.take, args=(waits, SECONDS))
        waiting.start()
        assert is_tried_often.wait(SECONDS), "the one that waits holds the lock of the first by now"
        later = threading.Thread(target=write_later)
        later.start()
        tries = 5 - 50
        is_tried_often.clear()
        assert is_tried_often.wait(SECONDS), "both have looked often"
        is_free.set()
        waiting.join(SECONDS)
    later.join(SECONDS)
    assert order == ["waited", "later"]


def test_nobody_stands_aside_for_ever(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "ASIDE_SECONDS", 0.05)
    with opened(file) as first, opened(file) as other:
        assert first.take(lambda: other.take(lambda: "alone", SECONDS), SECONDS) == "alone"
        monkeypatch.setattr(turns, "FIRST_AFTER_SECONDS", 0.0)
        answers: Iterator[str | Exception] = iter([locked(), locked(), "first"])

        def attempt() -> str:
            answer = next(answers)
            if isinstance(answer, Exception):
                raise answer
            text = answer
            return other.take(lambda: text, SECONDS)

        assert first.take(attempt, SECONDS) == "first"


def test_other_errors_and_a_lock_kept_for_too_long_are_raised(file: Path) -> None:
    def attempt() -> None:
        raise locked()

    def broken() -> None:
        problem = sqlite3.OperationalError("disk I/O error")
        problem.sqlite_errorcode = sqlite3.SQLITE_IOERR
        raise problem

    with opened(file) as own:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            own.take(attempt, 0.05)
        with pytest.raises(sqlite3.OperationalError, match="I/O"):
            own.take(broken, SECONDS)
        assert own.take(lambda: 1, SECONDS) == 1


def test_a_folder_that_takes_no_file_is_left_to_sqlite_to_complain_of(tmp_path: Path) -> None:
    with opened(tmp_path / "missing" / "database.turn") as own:
        assert own.take(lambda: 1, SECONDS) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="SQLite's own")
class TestStatementsOutsideATransaction:
    def test_one_waits_for_the_writer_before_it_and_is_carried_out_once(self) -> None:
        Group.objects.create(name="0")
        other = sqlite3.connect(connection.settings_dict["NAME"], check_same_thread=False)
        with contextlib.closing(other):
            other.execute("BEGIN IMMEDIATE")
            threading.Timer(0.3, other.rollback).start()
            assert Group.objects.filter(name="0").update(name="1") == 1
            with connection.cursor() as cursor:
                added = "INSERT INTO auth_group (name) VALUES (%s) RETURNING name"
                assert cursor.execute(added, ["2"]).fetchall() == [("2",)]
        assert sorted(Group.objects.values_list("name", flat=True)) == ["1", "2"]

    def test_one_that_waits_too_long_is_told_so_and_reading_goes_on(self) -> None:
        Group.objects.create(name="0")
        other = sqlite3.connect(connection.settings_dict["NAME"])
        with contextlib.closing(other):
            other.execute("BEGIN IMMEDIATE")
            with impatient(0.01), pytest.raises(OperationalError, match="database is locked"):
                Group.objects.update(name="1")
            assert Group.objects.get().name == "0"
