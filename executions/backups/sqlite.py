"""Backups of an SQLite file: copied while others write, put back while nobody has it open."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from executions.backups import contents
from executions.backups.contents import Contents
from executions.backups.errors import BackupError
from executions.backups.files import settle
from executions.backups.settling import settle_sql
from stigmer_site.sqlite.files import checkpoint, reader, uri_of

# Every connection holds a lock in this range as long as it has a file with a write-ahead log open
# (sqlite.org/fileformat2.html, "The Lock-Byte Page"; SHARED_FIRST and SHARED_SIZE of os.h).
SHARED_FIRST, SHARED_SIZE = 0x40000002, 510
SHOWN_PROBLEMS = 3


def back_up(database: Path, draft: Path) -> Contents:
    """Copy the database into ``draft`` by SQLite's online backup, and prove the copy."""
    if not database.exists():
        raise BackupError(f"There is no database at {database}. `stigmer up` makes one.")
    try:
        with closing(sqlite3.connect(uri_of(database, mode="rw"), uri=True, timeout=30)) as source:
            _copy(source, draft)
        return proved(draft)
    except sqlite3.Error as error:
        raise BackupError(f"The database {database} cannot be copied: {error}.") from error


def proved(path: Path) -> Contents:
    """The contents of a file that holds together. Raises BackupError where it does not."""
    with closing(reader(path)) as connection:

        def ask(sql: str) -> list[tuple[object, ...]]:
            return connection.execute(sql).fetchall()

        problems = [str(row[0]) for row in ask(f"PRAGMA integrity_check({SHOWN_PROBLEMS})")]
        if problems != ["ok"]:
            raise BackupError(f"It is damaged: {' '.join(' '.join(problems).split())}.")
        if astray := ask("PRAGMA foreign_key_check"):
            table = astray[0][0]
            raise BackupError(f"It is damaged: rows of {table} refer to rows that are missing.")
        tables = {str(row[0]) for row in ask("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return contents.read(ask, tables)


def restore(
    file: Path, database: Path, stamp: str, agree: Callable[[str, Contents], None]
) -> tuple[Contents, str]:
    """Put a backup in the database's place; what is inside, and the old one's new name if any."""
    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    staged = database.with_name(f"{database.name}.restoring")
    if database.exists():
        # Before anybody is asked; and once more at the moment of the swap.
        with alone(database):
            pass
    try:
        inside = stage(file, staged)
        agree(str(database), inside)
        aside = swap(staged, database, stamp)
    except sqlite3.Error as error:
        raise BackupError(f"{file} cannot be restored: {error}.") from error
    except OSError as error:
        reason = f"{error.filename or database}: {error.strerror}"
        raise BackupError(f"{file} cannot be restored ({reason}).") from error
    finally:
        _drop(staged)
    return inside, "" if aside is None else str(aside)


def stage(file: Path, staged: Path) -> Contents:
    """Copy a backup, prove the copy, and settle what died with the processes of its time."""
    _drop(staged)
    os.close(os.open(staged, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with closing(reader(file)) as source:
        _copy(source, staged)
    inside = proved(staged)
    with closing(sqlite3.connect(staged)) as connection, connection:
        for sql in settle_sql(now="strftime('%Y-%m-%d %H:%M:%f', 'now')"):
            connection.execute(sql)
    settle(staged)
    return inside


def _drop(staged: Path) -> None:
    for suffix in ("", "-journal", "-wal", "-shm"):
        staged.with_name(staged.name + suffix).unlink(missing_ok=True)


def swap(staged: Path, database: Path, stamp: str) -> Path | None:
    """Put ``staged`` in the database's place; the old one's new name, None where there was none.

    At each moment the database's name stands for a whole file without a foreign write-ahead log.
    """
    if not database.exists():
        _leave_no_log(database, None)
        os.replace(staged, database)
        settle(database.parent)
        return None
    # Of a damaged file the log cannot be written back: it is kept beside it.
    checkpoint(database, close_log=True)
    aside = database.with_name(f"{database.name}.before-{stamp}")
    with alone(database):
        os.link(database, aside)
        os.chmod(aside, 0o600)
        _leave_no_log(database, aside)
        os.replace(staged, database)
    settle(database.parent)
    return aside


def _leave_no_log(database: Path, aside: Path | None) -> None:
    log = database.with_name(f"{database.name}-wal")
    if aside is not None and log.exists():
        os.replace(log, aside.with_name(f"{aside.name}-wal"))
    log.unlink(missing_ok=True)
    database.with_name(f"{database.name}-shm").unlink(missing_ok=True)


@contextmanager
def alone(database: Path) -> Iterator[None]:
    """Hold the file against whoever would open it. Raises BackupError where somebody has it."""
    descriptor = os.open(database, os.O_RDWR)
    try:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, SHARED_SIZE, SHARED_FIRST)
        except OSError as error:
            raise BackupError(
                f"A process has the database {database} open. Stop everything that uses it "
                "(Stigmer's processes, shells, other tools), then restore."
            ) from error
        yield
    finally:
        os.close(descriptor)


def _copy(source: sqlite3.Connection, target: Path) -> None:
    with closing(sqlite3.connect(target)) as copy:
        # In one piece: what others write meanwhile goes to the log; the copy never begins anew.
        source.backup(copy)
        # One file alone, which any tool may carry about; the server sets its own mode again.
        copy.execute("PRAGMA journal_mode = DELETE")
