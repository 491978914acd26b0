"""Whether the SQLite file holds together: looked at seldom, because all of it is read."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

import structlog

from stigmer_site.sqlite import damage

FIRST_ANSWER_SECONDS = 2.0
SELDOM_SECONDS = 3600.0
# A file that takes long is read more seldom: at most one part in a hundred of the time.
REST = 100
log = structlog.get_logger(__name__)


class FileCheck:
    """Looks in a thread of its own: when first asked, when an error spoke of damage, each hour.

    ``problem`` waits a moment for the first answer only, and else tells what was found last.
    ``reads_only`` waits until the file was read, and takes no mark away: `stigmer doctor`.
    """

    def __init__(self, database: Path, *, reads_only: bool = False) -> None:
        self._database = database
        self._reads_only = reads_only
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._problem = ""
        self._looked_at: tuple[int, int] | None = None
        self._due_at = 0.0

    def problem(self) -> str:
        """The faults of the file; empty where none is known."""
        with self._lock:
            is_new = self._identity() != self._looked_at
            is_due = is_new or time.monotonic() >= self._due_at or damage.is_noted(self._database)
            if is_due and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(target=self._look, name="file-check", daemon=True)
                self._thread.start()
            thread = self._thread if is_new or not self._looked_at else None
        if thread is not None:
            thread.join(None if self._reads_only else FIRST_ANSWER_SECONDS)
        return self._problem

    def _look(self) -> None:
        identity, began, was_noted = (
            self._identity(),
            time.monotonic(),
            damage.is_noted(self._database),
        )
        try:
            # An error may come from what the quick look leaves out: an index that lost its table.
            problem = damage.first_problem(self._database, thorough=was_noted)
        except sqlite3.Error as error:
            log.warning("the database file could not be looked at", problem=str(error))
            return
        took = time.monotonic() - began
        if problem and problem != self._problem:
            log.critical("the database file is damaged", problem=problem, file=str(self._database))
        if not problem and was_noted and not self._reads_only:
            damage.forget(self._database)
        self._problem, self._looked_at = problem, identity
        self._due_at = time.monotonic() + max(SELDOM_SECONDS, REST * took)

    def _identity(self) -> tuple[int, int] | None:
        try:
            status = self._database.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino
