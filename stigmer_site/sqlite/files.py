"""An SQLite file seen from outside Django: its address, its write-ahead log, its lock."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

PATIENCE_SECONDS = 1.0


def uri_of(path: Path, *, mode: str, immutable: bool = False) -> str:
    """SQLite's address of a file, whatever characters its path has. ``mode``: ro, rw or rwc."""
    return f"file:{quote(os.fsencode(path))}?mode={mode}{'&immutable=1' if immutable else ''}"


def reader(path: Path) -> sqlite3.Connection:
    """A connection that writes nothing, not even the log's files beside the file."""
    return sqlite3.connect(reading_uri(path), uri=True)


def reading_uri(path: Path) -> str:
    """The address for reading alone. If there is no log, nobody has the file open."""
    has_log = path.with_name(f"{path.name}-wal").exists()
    return uri_of(path, mode="ro", immutable=not has_log)


def make_shrinkable(path: Path) -> None:
    """Let a file that is not there yet be one that gives back what becomes free in it: that is said
    before its first table. A file that is there is left as it is.
    """
    if str(path) == ":memory:" or path.exists():
        return
    with closing(sqlite3.connect(path, timeout=PATIENCE_SECONDS)) as own:
        own.execute("PRAGMA auto_vacuum = INCREMENTAL")
        # Writes the head of the file.
        own.execute("PRAGMA journal_mode = WAL").fetchone()


def checkpoint(path: Path, *, close_log: bool = False) -> str:
    """Write the log back into the file and empty it; what kept it from that, if anything did.

    ``close_log`` takes the log away as well, which needs that nobody else has the file open.
    """
    if not path.exists():
        return ""
    try:
        address = uri_of(path, mode="rw")
        with closing(sqlite3.connect(address, uri=True, timeout=PATIENCE_SECONDS)) as own:
            busy, _, _ = own.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if close_log:
                own.execute("PRAGMA journal_mode = DELETE")
            return "others are using it" if busy else ""
    except sqlite3.Error as error:
        return str(error)


def checkpoint_at_the_end() -> None:
    """Empty the log of the database that the settings name, as far as nobody else needs it.

    The last writes of a process may lie in the log alone when it ends; a file whose log was written
    back can be carried about by itself.
    """
    from django.conf import settings

    database = settings.DATABASES["default"]
    if str(database["ENGINE"]).endswith(".sqlite"):
        checkpoint(Path(str(database["NAME"])))
