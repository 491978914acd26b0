from __future__ import annotations

import os
import stat
from pathlib import Path

import psycopg
import pytest

from tests.backups.places import NOTES, Place, note


def notes(address: str, database: str = "stigmer") -> list[str]:
    with psycopg.connect(address.replace("/stigmer?", f"/{database}?")) as connection:
        return [name for (name,) in connection.execute(NOTES)]


def write(address: str, value: str) -> None:
    with psycopg.connect(address) as connection:
        connection.execute(note(value))


@pytest.fixture(autouse=True)
def without_notes(postgres: str, place_on_postgres: Place) -> None:
    with psycopg.connect(postgres) as connection:
        connection.execute("DELETE FROM executions_turn")


def test_a_database_is_backed_up_and_restored(
    place_on_postgres: Place, postgres: str, tmp_path: Path
) -> None:
    place, one = place_on_postgres, tmp_path / "one"
    write(postgres, "before")
    said = place("backup", str(one))
    assert said.code == 0, said
    assert "PostgreSQL: Stigmer, migrations up to executions.00" in said.out
    assert stat.S_IMODE(one.stat().st_mode) == 0o600
    assert place("backup", str(one)).code == 1
    write(postgres, "later")
    with psycopg.connect(postgres):
        said = place("restore", str(one), "--yes")
        assert said.code == 1
        assert "The database stigmer is open: 1 connections" in said.err
    assert notes(postgres) == ["before", "later"]
    assert "Nothing was changed." in place("restore", str(one), "--dry-run").out
    said = place("restore", str(one), "--yes")
    assert said.code == 0, said
    assert notes(postgres) == ["before"]
    aside = said.out.partition("is kept: ")[2].partition(".")[0]
    assert notes(postgres, aside) == ["before", "later"]
    assert databases(postgres) == sorted(["stigmer", aside])
    assert place("migrate").code == 0
    with psycopg.connect(maintenance(postgres), autocommit=True) as server:
        server.execute(f'DROP DATABASE "{aside}"')


def test_what_cannot_be_restored_leaves_nothing_behind(
    place_on_postgres: Place, postgres: str, tmp_path: Path
) -> None:
    place, one = place_on_postgres, tmp_path / "one"
    with psycopg.connect(postgres) as connection:
        future = (
            "INSERT INTO django_migrations (app, name, applied) VALUES ('executions',"
            " '9999_future', now())"
        )
        connection.execute(future)
    assert place("backup", str(one)).code == 0
    with psycopg.connect(postgres) as connection:
        connection.execute("DELETE FROM django_migrations WHERE name = '9999_future'")
    assert (
        "newer than this code: it has executions.9999_future"
        in place("restore", str(one), "--yes").err
    )
    content = bytearray(one.read_bytes())
    content[len(content) // 2] ^= 1
    one.write_bytes(content)
    assert "is damaged" in place("restore", str(one), "--yes").err
    one.write_bytes(content[: len(content) // 2])
    assert "pg_restore: error" in place("restore", str(one), "--yes").err
    assert databases(postgres) == ["stigmer"]


def test_the_two_kinds_are_not_taken_for_each_other(
    place: Place, place_on_postgres: Place, tmp_path: Path
) -> None:
    assert place("backup", str(tmp_path / "lite")).code == 0
    assert place_on_postgres("backup", str(tmp_path / "post")).code == 0
    said = place_on_postgres("restore", str(tmp_path / "lite"), "--yes")
    assert "is a backup of SQLite, and this installation uses PostgreSQL" in said.err
    said = place("restore", str(tmp_path / "post"), "--yes")
    assert "is a backup of PostgreSQL, and this installation uses SQLite" in said.err


def test_without_the_tools_a_sentence_says_what_to_install(
    place_on_postgres: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place_on_postgres.more["PATH"] = "/nowhere"
    said = place_on_postgres("backup", str(tmp_path / "one"))
    assert said.code == 1
    # A Debian with an older client finds that one, and hears which it needs.
    assert (
        "Install PostgreSQL's client tools" in said.err
        or "Install the client tools of PostgreSQL" in said.err
    )
    assert not os.path.lexists(tmp_path / "one")


def test_a_role_that_may_make_no_database_is_told_what_it_needs(
    place_on_postgres: Place, postgres: str, tmp_path: Path
) -> None:
    assert place_on_postgres("backup", str(tmp_path / "one")).code == 0
    superuser = postgres.replace("app:se%20cret@", "postgres@")
    with psycopg.connect(superuser, autocommit=True) as server:
        server.execute("ALTER ROLE app NOCREATEDB")
        said = None
    try:
        said = place_on_postgres("restore", str(tmp_path / "one"), "--yes")
    finally:
        with psycopg.connect(superuser, autocommit=True) as server:
            server.execute("ALTER ROLE app CREATEDB")
    assert said is not None
    assert "ALTER ROLE app CREATEDB" in said.err


def test_the_password_is_in_no_command_line(
    place_on_postgres: Place, postgres: str, tmp_path: Path
) -> None:
    spy = tmp_path / "bin" / "pg_dump"
    spy.parent.mkdir()
    spy.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo \'pg_dump (PostgreSQL) 99\' && exit\necho "$@"'
        f" > '{tmp_path}/said'; [ -n \"$PGPASSWORD\" ] && echo given >> '{tmp_path}/said'; exit 1\n"
    )
    spy.chmod(0o755)
    place_on_postgres.more["PATH"] = f"{spy.parent}:{os.environ['PATH']}"
    place_on_postgres.more["DATABASE_URL"] = (
        postgres.replace(":se%20cret@", "@") + "&password=se%20cret"
    )
    assert place_on_postgres("backup", str(tmp_path / "one")).code == 1
    said = (tmp_path / "said").read_text()
    assert "cret" not in said
    assert said.endswith("given\n")


def databases(address: str) -> list[str]:
    with psycopg.connect(maintenance(address)) as server:
        rows = server.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE 'stigmer%' ORDER BY datname"
        )
        return [name for (name,) in rows]


def maintenance(address: str) -> str:
    return address.replace("/stigmer?", "/postgres?")
