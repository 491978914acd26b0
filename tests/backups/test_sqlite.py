from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from executions.backups import BackupError, sqlite
from executions.driving.crashes import RESTORED
from executions.supervisor.preflight import CannotStart, owned_home, unused_home
from tests.backups.places import NOTES, Place, note
from tests.live import free_ports
from tests.waiting import START_SECONDS, until

ROOT = Path(__file__).resolve().parents[2]


def test_a_backup_is_private_whole_and_says_what_is_inside(place: Place, tmp_path: Path) -> None:
    with closing(sqlite3.connect(place.database, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute(note("written"))
        writer.execute("BEGIN IMMEDIATE")
        writer.execute(note("not committed"))
        said = place("backup", str(tmp_path / "one"))
        writer.execute("ROLLBACK")
    assert said.code == 0, said
    assert "SQLite: Stigmer, migrations up to executions.00" in said.out
    assert "0 runs (0 unfinished), 0 steps" in said.out
    assert str(place.home / "secret-key") in said.out
    assert stat.S_IMODE((tmp_path / "one").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["one"]
    assert place.ask(NOTES, tmp_path / "one") == [("written",)]
    assert place.ask("PRAGMA integrity_check", tmp_path / "one") == [("ok",)]


def test_a_backup_is_never_written_over_another_file(place: Place, tmp_path: Path) -> None:
    (tmp_path / "one").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("one", "link"):
        with pytest.raises(BackupError, match=f"{name} is there already. Name another file"):
            place.back_up(tmp_path / name)
    assert (tmp_path / "one").read_text() == "mine"


def test_where_no_backup_can_be_made_a_sentence_says_why(place: Place, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="cannot be written: No such file or directory"):
        place.back_up(tmp_path / "missing" / "one")
    place.database.unlink()
    with pytest.raises(BackupError, match=r"There is no database at .* `stigmer up` makes one"):
        place.back_up(tmp_path / "one")
    assert place.names() == []


def test_a_damaged_database_gives_no_backup(place: Place, tmp_path: Path) -> None:
    damage(place.database)
    with pytest.raises(BackupError, match=r"damaged|malformed"):
        place.back_up(tmp_path / "one")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == []


def test_a_restore_takes_the_place_of_the_database_and_keeps_it_aside(
    place: Place, tmp_path: Path
) -> None:
    place.ask(note("before"))
    place.back_up(tmp_path / "one")
    place.ask(note("after"))
    said = place("restore", str(tmp_path / "one"), "--yes")
    assert said.code == 0, said
    assert place.ask(NOTES) == [("before",)]
    assert place.ask("PRAGMA integrity_check") == [("ok",)]
    assert stat.S_IMODE(place.database.stat().st_mode) == 0o600
    (aside,) = [name for name in place.names() if ".before-" in name]
    assert aside in said.out
    assert place.ask(NOTES, place.home / aside) == [("after",), ("before",)]
    # The old one is a backup as well.
    assert place.restore(place.home / aside).sealed is None
    assert place.ask(NOTES) == [("after",), ("before",)]


def test_the_log_that_a_killed_process_left_belongs_to_the_old_database(
    place: Place, tmp_path: Path
) -> None:
    place.back_up(tmp_path / "one")
    leave_a_log(place.database)
    assert (place.home / "stigmer.sqlite3-wal").stat().st_size > 0
    aside = Path(place.restore(tmp_path / "one").kept)
    assert place.names() == ["stigmer.sqlite3", aside.name]
    assert place.ask("PRAGMA integrity_check") == [("ok",)]
    assert place.ask(NOTES) == []
    assert place.ask(NOTES, aside) == [("in the log",)]


def test_a_damaged_database_is_kept_and_its_log_harms_nothing(place: Place, tmp_path: Path) -> None:
    place.back_up(tmp_path / "one")
    leave_a_log(place.database)
    place.database.write_bytes(b"not a database" * 400)
    aside = Path(place.restore(tmp_path / "one").kept)
    assert aside.exists()
    assert set(place.names()) - {f"{aside.name}-wal"} == {"stigmer.sqlite3", aside.name}
    assert place.ask("PRAGMA integrity_check") == [("ok",)]
    assert place.ask(NOTES) == []


def test_a_restore_refuses_while_somebody_has_the_database_open(
    place: Place, tmp_path: Path
) -> None:
    place.back_up(tmp_path / "one")
    with closing(sqlite3.connect(place.database)) as shell:
        shell.execute("PRAGMA journal_mode = WAL")
        shell.execute(NOTES).fetchall()
        said = place("restore", str(tmp_path / "one"), "--yes")
    assert said.code == 1
    assert f"A process has the database {place.database} open." in said.err
    assert not [name for name in place.names() if ".before-" in name or ".restoring" in name]
    place.restore(tmp_path / "one")


def test_a_restore_refuses_while_a_supervisor_has_the_data_folder(
    place: Place, tmp_path: Path
) -> None:
    place.back_up(tmp_path / "one")
    with (
        owned_home(place.home),
        pytest.raises(CannotStart, match="Another Stigmer is running on the data folder"),
    ):
        place.restore(tmp_path / "one")
    assert place.names() == ["stigmer.sqlite3"]


@pytest.mark.processes
def test_a_restore_refuses_while_a_web_server_runs_alone(place: Place, tmp_path: Path) -> None:
    place.back_up(tmp_path / "one")
    (port,) = free_ports(1)
    place.more |= {"STIGMER_PORT": str(port)}
    with place.start("web"):
        until(
            lambda: is_held(place.home / "in-use.lock"),
            what="the web server has begun",
            seconds=START_SECONDS,
        )
        with pytest.raises(
            CannotStart, match="A worker or a web server of Stigmer uses the data folder"
        ):
            place.restore(tmp_path / "one")
    place.restore(tmp_path / "one")


def test_nothing_starts_while_a_backup_is_restored(place: Place) -> None:
    with unused_home(place.home):
        said = place("web")
    assert (said.code, said.err) == (
        1,
        f"stigmer: A backup is being restored in {place.home}. Start when that is done.\n",
    )


def test_a_restore_asks_and_a_dry_run_changes_nothing(place: Place, tmp_path: Path) -> None:
    place.back_up(tmp_path / "one")
    place.ask(note("after"))
    said = place("restore", str(tmp_path / "one"))
    assert (said.code, said.err) == (2, "stigmer: Nobody is there to be asked. Add --yes.\n")
    said = place("restore", str(tmp_path / "one"), "--dry-run")
    assert said.code == 0
    assert "holds together (made " in said.out
    assert "Nothing was changed." in said.out
    assert place.ask(NOTES) == [("after",)]
    assert place.names() == ["stigmer.sqlite3"]


@pytest.mark.parametrize("hurt", ["a byte", "the end", "the beginning", "the seal", "everything"])
def test_a_backup_that_is_damaged_is_refused(place: Place, tmp_path: Path, hurt: str) -> None:
    one = tmp_path / "one"
    place.back_up(one)
    kept, content = place.database.read_bytes(), bytearray(one.read_bytes())
    match hurt:
        case "a byte":
            content[len(content) // 2] ^= 1
        case "the end":
            del content[len(content) // 2 :]
        case "the beginning":
            content[:16] = b"something else.."
        case "the seal":
            content[-20:-10] = b"x" * 10
        case "everything":
            content.clear()
    one.write_bytes(content)
    with pytest.raises(BackupError, match=r"damaged|malformed|is no backup"):
        place.restore(one)
    assert place.names() == ["stigmer.sqlite3"]
    assert place.database.read_bytes() == kept


def test_a_backup_of_a_newer_release_is_refused_in_words(place: Place, tmp_path: Path) -> None:
    place.ask(
        "INSERT INTO django_migrations (app, name, applied) VALUES ('executions', '9999_future',"
        " '2030-01-01')"
    )
    place.back_up(tmp_path / "one")
    place.ask("DELETE FROM django_migrations WHERE name = '9999_future'")
    with pytest.raises(
        BackupError,
        match=r"newer than this code: it has executions.9999_future. Install the release",
    ):
        place.restore(tmp_path / "one")
    assert place.names() == ["stigmer.sqlite3"]


def test_a_backup_of_an_older_release_says_what_brings_it_up_to_date(
    place: Place, tmp_path: Path
) -> None:
    place.ask("DELETE FROM django_migrations WHERE id = (SELECT max(id) FROM django_migrations)")
    place.back_up(tmp_path / "one")
    assert "`stigmer migrate`" in place("restore", str(tmp_path / "one"), "--yes").out


def test_a_copy_of_another_tool_is_proved_and_restored(place: Place, tmp_path: Path) -> None:
    with (
        closing(sqlite3.connect(tmp_path / "copy")) as copy,
        closing(sqlite3.connect(place.database)) as own,
    ):
        own.backup(copy)
    place.ask(note("after"))
    assert place.restore(tmp_path / "copy").sealed is None
    assert place.ask(NOTES) == []
    damage(tmp_path / "copy")
    with pytest.raises(BackupError, match=r"damaged|malformed"):
        place.restore(tmp_path / "copy")


def test_what_is_no_database_of_ours_is_refused(place: Place, tmp_path: Path) -> None:
    place.ask("CREATE TABLE things (name)", tmp_path / "other")
    for file, reason in (
        (tmp_path / "other", "It is no database of Stigmer"),
        (place.database, "is the database itself"),
        (tmp_path / "nowhere", "cannot be read"),
        (tmp_path, "cannot be read"),
    ):
        with pytest.raises(BackupError, match=reason):
            place.restore(file)


def test_one_word_restores_a_run_or_a_backup(place: Place, tmp_path: Path) -> None:
    said = place(
        "restore", "wex-00000000000000000000000000", "--yes", STIGMER_SERVER="http://localhost:9"
    )
    assert "Give --checkpoint, or --undo." in said.err
    said = place("restore", str(tmp_path / "other"), "--checkpoint", "3")
    assert said.code == 2
    assert "is not the id of a run" in said.err


def test_the_processes_of_that_time_are_dead_and_blamed_for_nothing(
    place: Place, tmp_path: Path
) -> None:
    place.ask(
        "INSERT INTO executions_process (id, kind, host, pid, process_started, boot_id, version,"
        " slots, started_at, heartbeat_at, death, stuck_threads, held_at_death, pid_namespace)"
        " VALUES ('00', 'worker', 'elsewhere', 1, '', '', '0.0.9', 1, '2026-01-01', '2026-01-01',"
        " '', 0, 0, '')"
    )
    assert place.back_up(tmp_path / "one").contents.version == "0.0.9"
    place.restore(tmp_path / "one")
    assert place.ask("SELECT death FROM executions_process WHERE dead_at > '2026'") == [(RESTORED,)]


def test_a_lost_database_is_restored_where_none_is(place: Place, tmp_path: Path) -> None:
    place.ask(note("kept"))
    place.back_up(tmp_path / "one")
    new = Place(tmp_path / "new machine")
    said = new("restore", str(tmp_path / "one"), "--yes")
    assert said.code == 0, said
    assert "is kept" not in said.out
    assert new.ask(NOTES) == [("kept",)]
    assert new.names() == ["stigmer.sqlite3"]


def test_who_holds_a_file_alone_is_told_of_those_who_have_it_open(tmp_path: Path) -> None:
    database = tmp_path / "d.sqlite3"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (a)")
        assert "has the database" in held_by_another_process(database)
    assert held_by_another_process(database) == "alone"


def held_by_another_process(database: Path) -> str:
    """What another process is told: the locks of its own are not seen by a process."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with sqlite.alone(database):
                os.write(writing, b"alone")
        except BackupError as error:
            os.write(writing, str(error).encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as said:
        return said.read()


def is_held(lock: Path) -> bool:
    """Whether a process holds a lock file."""
    if not lock.exists():
        return False
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def leave_a_log(database: Path) -> None:
    """What a process leaves that is killed: a transaction that stands in the log alone."""
    child = os.fork()
    if child == 0:
        connection = sqlite3.connect(database, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(note("in the log"))
        os._exit(0)
    os.waitpid(child, 0)


def damage(database: Path) -> None:
    """Zeros where a table's pages were; the file's head stays whole."""
    content = bytearray(database.read_bytes())
    for page in range(4, 40):
        content[page * 4096 : page * 4096 + 100] = bytes(100)
    database.write_bytes(content)


def test_the_audit_trail_of_a_restored_backup_is_no_break(place: Place, tmp_path: Path) -> None:
    """What was signed off after the backup is gone with it, and a cut that nobody told of shows."""
    assert place("audit", "rotate-key").code == 0
    place.back_up(tmp_path / "one")
    for _ in range(2):
        assert place("audit", "rotate-key").code == 0
    signed_off(place)
    assert place("restore", str(tmp_path / "one"), "--yes").code == 0
    assert place("audit", "verify").code == 0
    # The same end, but taken out of the file that the restore wrote its mark to.
    heads = place.home / "audit-heads.jsonl"
    marked = heads.read_text().splitlines(keepends=True)
    heads.write_text("".join(marked[:-1]))
    assert place("audit", "verify").code != 0


def signed_off(place: Place) -> None:
    """As the sweep does while a worker runs."""
    code = "from executions.audit import heads; assert heads.sign_off()"
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", code]
    environment = {**os.environ, "STIGMER_HOME": str(place.home), "DATABASE_URL": ""}
    environment["DJANGO_SETTINGS_MODULE"] = "stigmer_site.settings"
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=120)
