"""``stigmer backup``: one file of what the database holds at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from executions.backups import postgres, sqlite
from executions.backups.contents import Contents
from executions.backups.files import POSTGRES, SQLITE, new_file
from executions.backups.seal import seal
from executions.backups.target import database_file


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made; ``bytes`` is its size, ``kind`` the database that it is of."""

    path: Path
    kind: str
    bytes: int
    contents: Contents


def back_up(path: Path) -> Made:
    """Write the database of this installation into a new file (mode 0600), also while it is used.

    Raises BackupError where that is impossible; then there is no such file.
    """
    database = database_file()
    with new_file(path) as draft:
        inside = postgres.back_up(draft) if database is None else sqlite.back_up(database, draft)
        seal(draft)
    kind = POSTGRES if database is None else SQLITE
    return Made(path, kind, path.stat().st_size, inside)
