"""The folders of a command: all that it can write."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

WORK, HOME, TEMPORARY, SHARED, SCRIPT = "work", "home", "tmp", "shm", "script"
_PASSWD = "run:x:1000:1000:run:/home/run:/bin/sh\n"
_GROUP = "run:x:1000:\n"


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of ours that holds those of a command: ``work`` is the one that it begins in.

    ``shared`` is the folder of a workspace whose work and home it has in place of its own.
    """

    folder: Path
    shared: Path | None = None

    @property
    def work(self) -> Path:
        return (self.shared or self.folder) / WORK

    @property
    def home(self) -> Path:
        return (self.shared or self.folder) / HOME

    @property
    def temporary(self) -> Path:
        return self.folder / TEMPORARY

    @property
    def script(self) -> Path:
        """The file that is handed to the command to read."""
        return self.folder / SCRIPT

    @property
    def writable(self) -> list[Path]:
        own = [self.temporary, self.folder / SHARED]
        return [self.work, self.home, *own]

    def make(self) -> None:
        """Make what of it is missing. Raises OSError."""
        for folder in (*self.writable, self.script):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (self.folder / "passwd").write_text(_PASSWD)
        (self.folder / "group").write_text(_GROUP)

    def clear(self) -> None:
        """Empty what commands keep between them for a while, but for their work and their home.

        Raises OSError.
        """
        for name in (TEMPORARY, SHARED, SCRIPT):
            remove(self.folder / name)
        self.make()


@contextmanager
def passing(folder: Path, shared: Path | None = None) -> Iterator[Place]:
    """A place below ``folder`` for one command; of several that run at once in the workspace
    ``shared`` each has its own. Raises OSError where it cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    place = Place(Path(mkdtemp(prefix="passing-", dir=folder)), shared)
    try:
        place.make()
        yield place
    finally:
        remove(place.folder)


def remove(folder: Path) -> None:
    """Remove a folder with all that is in it, whatever a command did to the permissions.

    Links are removed, never followed. A file that is gone already is no problem. Raises OSError.
    """
    if folder.is_symlink():
        folder.unlink()
        return
    if not folder.exists():
        return
    for parent, names, _ in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            mode = os.lstat(path).st_mode
            if stat.S_ISDIR(mode) and mode & 0o700 != 0o700:
                os.chmod(path, 0o700)
    shutil.rmtree(folder)
