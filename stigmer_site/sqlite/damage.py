"""An SQLite file that is damaged: noted where an error shows it, proved where it is asked for.

The process that meets the error leaves a mark beside the file, because the database can no longer
tell it: the web server's readiness sees the mark, and looks for itself.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from stigmer_site.sqlite.files import reader

CODES = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
PRIMARY_CODE = 0xFF
REMEDY = (
    "Stop Stigmer and put the latest backup in its place: `stigmer restore FILE` keeps the damaged "
    "file aside (docs/deploy.md)."
)


def is_damage(error: BaseException | None) -> bool:
    """Whether SQLite said that the file is malformed, or is no database at all."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, sqlite3.Error) and code is not None and code & PRIMARY_CODE in CODES


def sentence(problem: str, remedy: str = "") -> str:
    """The message for a person."""
    words = " ".join(problem.split()).rstrip(".")
    return f"The database file is damaged: {words}. {remedy}".strip()


def mark_of(database: Path) -> Path:
    return database.with_name(f"{database.name}.damaged")


def note(database: Path, problem: str) -> None:
    """Leave word that an error spoke of damage; where that cannot be, the error has to do."""
    with suppress(OSError):
        descriptor = os.open(mark_of(database), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w") as mark:
            mark.write(problem)


def is_noted(database: Path) -> bool:
    return mark_of(database).exists()


def forget(database: Path) -> None:
    with suppress(OSError):
        mark_of(database).unlink(missing_ok=True)


def first_problem(database: Path, *, thorough: bool = False) -> str:
    """The first problem of the file; empty where it holds together. Reads all, writes nothing.

    ``thorough`` compares the indexes with their tables as well, which takes several times as long.
    """
    pragma = "integrity_check" if thorough else "quick_check"
    try:
        with closing(reader(database)) as connection:
            answer = str(connection.execute(f"PRAGMA {pragma}(1)").fetchone()[0])
    except sqlite3.Error as error:
        if not is_damage(error):
            raise
        answer = str(error)
    return "" if answer == "ok" else " ".join(answer.split())
