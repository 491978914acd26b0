"""What the commands for this installation leave on its disk."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.live import LiveStigmer, free_ports, stigmer_up
from tests.waiting import until


def disk(folder: Path) -> dict[str, tuple[int, bytes]]:
    """What lies in a folder: names, modes, times and contents."""
    found = {}
    for path in sorted(folder.rglob("*")):
        seen = path.stat()
        found[str(path)] = seen.st_mtime_ns, path.read_bytes() if path.is_file() else b""
    return found


@pytest.mark.parametrize("command", ["doctor", "check"])
def test_looking_makes_no_data_folder(tmp_path: Path, command: str) -> None:
    home = tmp_path / "home"
    terminal = Terminal(
        tmp_path / "person", {"STIGMER_HOME": str(home), "STIGMER_PORT": str(free_ports(1)[0])}
    )
    said = terminal.apart(command)
    assert said.code == (1 if command == "doctor" else 0), said
    assert not home.exists()
    assert not (tmp_path / "person").exists()


@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
def test_looking_at_a_database_that_rests_changes_nothing(
    tmp_path: Path, journal_mode: str
) -> None:
    home = tmp_path / "home"
    terminal = Terminal(
        tmp_path / "person", {"STIGMER_HOME": str(home), "STIGMER_PORT": str(free_ports(1)[0])}
    )
    assert terminal.apart("migrate").code == 0
    with closing(sqlite3.connect(home / "stigmer.sqlite3")) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal_mode}")
    before = disk(home)
    said = terminal.apart("doctor")
    assert "✓ database" in said.out, said
    assert terminal.apart("check").code == 0
    assert disk(home) == before


@pytest.mark.processes
def test_looking_at_what_runs_finds_it_well_and_adds_no_file(
    keeper: Terminal, live_stigmer: LiveStigmer
) -> None:
    before = {path.name for path in live_stigmer.home.iterdir()}
    said = keeper.apart("doctor")
    assert said.code == 0, said
    assert "✗" not in said.out
    assert {path.name for path in live_stigmer.home.iterdir()} == before


@pytest.mark.processes
def test_the_doctor_says_what_the_web_server_finds(
    keeper: Terminal, live_stigmer: LiveStigmer
) -> None:
    with closing(
        sqlite3.connect(live_stigmer.home / "stigmer.sqlite3", isolation_level=None)
    ) as shell:
        shell.execute("BEGIN IMMEDIATE")
        said = keeper.apart("doctor")
        shell.execute("ROLLBACK")
    assert said.code == 1, said
    assert (
        "and is not ready (database): The database is busy: another session has locked it"
        in said.out
    )


@pytest.mark.processes
def test_the_doctor_writes_nothing_into_redis(live_stigmer: LiveStigmer, tmp_path: Path) -> None:
    import redis

    from stigmer_site.home import redis_address

    terminal = Terminal(tmp_path, {"STIGMER_HOME": str(live_stigmer.home)})
    with redis.Redis.from_url(redis_address(live_stigmer.home)) as client:
        client.delete("stigmer:health")
        assert "✓ redis" in terminal.apart("doctor").out
        assert client.get("stigmer:health") is None


@pytest.mark.processes
def test_without_the_demo_there_are_no_accounts_and_all_files_are_private(tmp_path: Path) -> None:
    home = tmp_path / "home"
    old = os.umask(0o022)
    try:
        with stigmer_up(home, STIGMER_DEMO="false") as live:
            terminal = Terminal(
                tmp_path / "person", {"STIGMER_HOME": str(home), "STIGMER_SERVER": live.base_url}
            )
            assert not (home / "logins.json").exists()
            hint = "`stigmer administrator NAME` makes an account."
            until(lambda: hint in live.written(), what="the welcome says how to begin")
            assert said_no_account(terminal)
            made = terminal.apart(
                "administrator", "root", "--password-stdin", stdin="a good long password\n"
            )
            assert made.out == "root is an administrator now.\n", made
            login = ("login", live.base_url, "--user", "root", "--password-stdin")
            assert terminal(*login, stdin="a good long password\n").code == 0
            assert json.loads(terminal("list", "workflows", "-o", "json").out) == {"items": []}
            open_to_others = [
                (str(path), oct(path.stat().st_mode))
                for path in [home, *home.rglob("*")]
                if not stat.S_ISSOCK(path.stat().st_mode) and path.stat().st_mode & 0o077
            ]
            assert open_to_others == []
    finally:
        os.umask(old)


def said_no_account(terminal: Terminal) -> bool:
    said = terminal.apart("administrator", "root", "--password-stdin", stdin="short\n")
    return said.code == 2 and "too short" in said.err


def test_an_account_needs_a_database(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "person", {"STIGMER_HOME": str(tmp_path / "home")})
    said = terminal.apart(
        "administrator", "root", "--password-stdin", stdin="a good long password\n"
    )
    assert said.code == 1
    assert "`stigmer migrate` brings it there" in said.err
    assert "Traceback" not in said.err


def test_check_fails_where_the_installation_stands_open(tmp_path: Path) -> None:
    settings = {
        "STIGMER_HOME": str(tmp_path / "home"),
        "STIGMER_SECRET_KEY": "short",
    }
    said = Terminal(tmp_path / "person", settings).apart("check")
    assert said.code == 1
    assert "stigmer.E022" in said.err
    assert "Traceback" not in said.err
