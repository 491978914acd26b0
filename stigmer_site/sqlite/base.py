"""Django's SQLite backend, with writers that wait for one another in small steps.

SQLite's own busy handler sleeps longer and longer, up to 100 ms (sqliteDefaultBusyCallback in its
main.c), while those that come later and have not waited yet take the lock: a writer among a few
busy ones waits for most of a second.
"""

from __future__ import annotations

import random
import sqlite3
import time
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.utils import DatabaseErrorWrapper

from stigmer_site.sqlite import damage
from stigmer_site.sqlite.files import make_shrinkable, reading_uri

STEP_SECONDS = 0.002
# A writer that has waited for so long waits for another program, not for its turn among busy
# writers: it need not look so often.
LONG_SECONDS = 0.5
LONG_STEP_SECONDS = 0.025


class DatabaseWrapper(base.DatabaseWrapper):
    """Every transaction takes the write lock as it begins, looking again every few milliseconds
    until its time is over.

    ``OPTIONS`` takes ``lock_seconds``: after so long it is "database is locked", an
    OperationalError; and ``reads_only``: then nothing is written, not even a file beside the
    database.
    """

    def __del__(self) -> None:
        """A thread that ended takes its wrapper along: what is left open then is closed here.

        Python 3.13 and later warn of a connection that is collected without having been closed.
        """
        connection = self.__dict__.get("connection")
        if connection is not None:
            connection.close()

    def get_connection_params(self) -> dict[str, Any]:
        parameters: dict[str, Any] = super().get_connection_params()
        self.lock_seconds = float(parameters.pop("lock_seconds"))
        self.reads_only = bool(parameters.pop("reads_only", False))
        if self.reads_only:
            parameters["database"] = reading_uri(Path(self.settings_dict["NAME"]))
            self.init_commands = ["PRAGMA query_only = ON"]
        return parameters

    reads_only = False

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if not self.reads_only:
            make_shrinkable(Path(self.settings_dict["NAME"]))
        return super().get_new_connection(conn_params)

    @cached_property
    def wrap_database_errors(self) -> DatabaseErrorWrapper:
        return _NotingDamage(self)

    def _start_transaction_under_autocommit(self) -> None:
        began = time.monotonic()
        connection: sqlite3.Connection = self.connection
        with self.wrap_database_errors:
            connection.execute("PRAGMA busy_timeout = 0")
            try:
                while not _has_begun(
                    connection, is_last_try=time.monotonic() - began >= self.lock_seconds
                ):
                    step = (
                        STEP_SECONDS
                        if time.monotonic() - began < LONG_SECONDS
                        else LONG_STEP_SECONDS
                    )
                    time.sleep(random.uniform(0.2, 1.0) * step)
            finally:
                connection.execute(f"PRAGMA busy_timeout = {round(self.lock_seconds * 1000)}")


class _NotingDamage(DatabaseErrorWrapper):
    """Every error of the driver passes here: one that tells of damage is noted for readiness."""

    def __init__(self, wrapper: DatabaseWrapper) -> None:
        super().__init__(wrapper)
        self.wrapper = wrapper
        self._database = Path(wrapper.settings_dict["NAME"])

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if damage.is_damage(exc_value) and not self.wrapper.reads_only:
            damage.note(self._database, str(exc_value))
        super().__exit__(exc_type, exc_value, traceback)


def _has_begun(connection: sqlite3.Connection, *, is_last_try: bool) -> bool:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as problem:
        if is_last_try or problem.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True
