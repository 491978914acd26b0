"""The order of writers of several processes and threads: SQLite has one write lock and no queue
before it.

Its own busy handler sleeps longer and longer, up to 100 ms (sqliteDefaultBusyCallback in its
main.c), while those that come later, or that have just committed, take the lock at once: a
heartbeat among busy writers waited for half a minute.
"""

from __future__ import annotations

import fcntl
import os
import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

STEP_SECONDS = 0.002
WAITING_STEP_SECONDS = 0.004
# A writer that has been the first for so long waits for another program: it need not look so often.
LONG_SECONDS = 0.5
LONG_STEP_SECONDS = 0.025
# A writer that has waited for so long goes before all that have not.
FIRST_AFTER_SECONDS = 0.1
# Nobody stands aside for longer: the first may wait for a lock that is not given back.
ASIDE_SECONDS = 2.0
T = TypeVar("T")


class Turns:
    """The turns of one connection.

    ``path`` is a file beside the database, None for one in memory. A writer that has waited for
    long holds the file's lock (flock) until it has got SQLite's, and all others look at that lock
    before they try: so one of those that wait is next, whoever commits meanwhile. The system gives
    the lock back where a process is killed.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: int | None = None

    def take(self, attempt: Callable[[], T], seconds: float) -> T:
        """The result of ``attempt``, tried until SQLite does not say that others have the lock.

        Raises the sqlite3.OperationalError of the last try, made after ``seconds``.
        """
        began = time.monotonic()
        first_since: float | None = None
        try:
            while True:
                waited = time.monotonic() - began
                is_first = first_since is not None
                if is_first or waited >= min(seconds, ASIDE_SECONDS) or self._nobody_is_first():
                    try:
                        return attempt()
                    except sqlite3.OperationalError as problem:
                        is_busy = problem.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                        if not is_busy or waited >= seconds:
                            raise
                if not is_first and waited > FIRST_AFTER_SECONDS and self._locked(fcntl.LOCK_EX):
                    first_since = time.monotonic()
                time.sleep(random.uniform(0.2, 1.0) * _step(waited, first_since))
        finally:
            if first_since is not None:
                self._unlock()

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _nobody_is_first(self) -> bool:
        if not self._has_file():
            return True
        if not self._locked(fcntl.LOCK_SH):
            return False
        self._unlock()
        return True

    def _locked(self, kind: int) -> bool:
        if self._file is None:
            return False
        try:
            fcntl.flock(self._file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(self) -> None:
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _has_file(self) -> bool:
        """Whether there is one; where none can be made, SQLite says by itself what is wrong with
        the folder.
        """
        if self._file is None and self._path is not None:
            with suppress(OSError):
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return self._file is not None


def _step(waited: float, first_since: float | None) -> float:
    """Seconds until a writer looks again. All that wait to be the first look as often, so that each
    has the same chance.
    """
    if first_since is None:
        return STEP_SECONDS if waited <= FIRST_AFTER_SECONDS else WAITING_STEP_SECONDS
    return STEP_SECONDS if time.monotonic() - first_since < LONG_SECONDS else LONG_STEP_SECONDS
