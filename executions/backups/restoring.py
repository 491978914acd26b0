"""``stigmer restore``: a backup takes the database's place, in one moment, while nothing runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from django.conf import settings

from executions.audit import heads
from executions.backups import contents, postgres, sqlite
from executions.backups.contents import Contents
from executions.backups.errors import BackupError
from executions.backups.files import POSTGRES, SQLITE, kind_of
from executions.backups.seal import Seal, checked_seal
from executions.backups.target import database_file
from executions.supervisor.preflight import known_migrations, unused_home
from stigmer_site.sqlite import damage

Agree = Callable[[str, Contents, Seal | None], None]
"""``agree(database, contents, seal)`` is asked before anything changes; what it raises ends it."""


@dataclass(frozen=True, slots=True)
class Restored:
    """``kept`` names the database that was there before; empty where there was none.

    ``is_older``: this code has migrations that the backup has not.
    """

    contents: Contents
    sealed: Seal | None
    kept: str
    is_older: bool


def restore(path: Path, agree: Agree) -> Restored:
    """Put a backup in the database's place and keep the old one aside.

    The backup is unpacked beside the database, proved there, shown to ``agree`` and swapped in.
    Raises BackupError, or what ``agree`` raised; the database is then what it was.
    """
    kind, database = kind_of(path), database_file()
    configured = POSTGRES if database is None else SQLITE
    if kind != configured:
        raise BackupError(
            f"{path} is a backup of {kind}, and this installation uses {configured}. "
            "Set DATABASE_URL to a database of its kind."
        )
    if database is not None and database.exists() and path.samefile(database):
        raise BackupError(f"{path} is the database itself. Name a backup.")
    sealed = checked_seal(path)
    with unused_home(settings.STIGMER_HOME):
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        if database is None:
            inside, kept = postgres.restore(path, stamp, partial(_check, agree, sealed))
        else:
            inside, kept = sqlite.restore(path, database, stamp, partial(_check, agree, sealed))
            damage.forget(database)
        # The trail is one of before; without this its missing end would look like a deed.
        heads.note_restored(path.name, *inside.trail)
    return Restored(inside, sealed, kept, is_older=not known_migrations() <= inside.migrations)


def _check(agree: Agree, sealed: Seal | None, database: str, inside: Contents) -> None:
    """A backup of a newer release is refused before anybody is asked."""
    contents.refuse_newer(inside)
    agree(database, inside, sealed)
