"""The file of a backup: private, whole or not there, and never written over another."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from executions.backups.errors import BackupError

SQLITE_HEAD = b"SQLite format 3\x00"
ARCHIVE_HEAD = b"PGDMP"
SQLITE, POSTGRES = "SQLite", "PostgreSQL"
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """A draft beside ``path`` (mode 0600) that takes its name where the block ends well.

    Raises BackupError where there is such a file already, or where none can be written.
    """
    if os.path.lexists(path):
        raise BackupError(
            f"{path} is there already. Name another file: a backup is never overwritten."
        )
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise BackupError(f"{path} cannot be written: {error.strerror}.") from error
    try:
        yield draft
        os.chmod(draft, 0o600)
        settle(draft)
        _publish(draft, path)
        settle(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def _publish(draft: Path, path: Path) -> None:
    """Give the draft its name; fails where somebody else took it meanwhile."""
    try:
        os.link(draft, path)
    except FileExistsError as error:
        raise BackupError(f"{path} was made by somebody else meanwhile, and is kept.") from error
    except OSError as error:
        if error.errno not in _NO_LINKS or os.path.lexists(path):
            raise BackupError(f"{path} cannot be written: {error.strerror}.") from error
        os.rename(draft, path)


def settle(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def kind_of(path: Path) -> str:
    """``SQLITE`` or ``POSTGRES``. Raises BackupError for what cannot be read or is neither."""
    try:
        with path.open("rb") as file:
            head = file.read(len(SQLITE_HEAD))
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror}.") from error
    if head == SQLITE_HEAD:
        return SQLITE
    if head.startswith(ARCHIVE_HEAD):
        return POSTGRES
    raise BackupError(
        f"{path} is no backup: it is neither an SQLite file nor an archive of pg_dump in the custom"
        " format."
    )
