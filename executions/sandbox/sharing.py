"""A folder in which several commands work: who is in it, and what a killed git has left there."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_IN_USE, _GIT, _LOCK = "in-use", ".git", ".lock"


@contextmanager
def shared(folder: Path, work: Path) -> Iterator[None]:
    """While a command works there. The first one that finds nobody else removes what locks a
    killed git left: the next git would refuse to do anything. Raises OSError.
    """
    with (folder / _IN_USE).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass
        else:
            _unlock(work / _GIT)
        # From exclusive to shared another one may come between: it finds nothing to remove.
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def _unlock(git: Path) -> None:
    """No link is followed: the folder is full of what others wrote."""
    if not git.exists():
        return
    for _, _, names, descriptor in os.fwalk(git, follow_symlinks=False):
        for name in names:
            if name.endswith(_LOCK):
                os.unlink(name, dir_fd=descriptor)
