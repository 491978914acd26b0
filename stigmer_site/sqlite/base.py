"""Django's SQLite backend, with writers that wait for one another in turn (see
:mod:`stigmer_site.sqlite.turns`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from django.db.backends.sqlite3 import base
from django.db.utils import DatabaseErrorWrapper

from stigmer_site.sqlite import damage
from stigmer_site.sqlite.files import make_shrinkable, reading_uri
from stigmer_site.sqlite.turns import Turns

T = TypeVar("T")
# Statements that change rows, as Django writes them.
WRITES = ("INSERT", "UPDATE", "DELETE")


class DatabaseWrapper(base.DatabaseWrapper):
    """Every transaction takes the write lock as it begins, and so does a statement that writes
    outside of one: in turn, until its time is over.

    ``OPTIONS`` takes ``lock_seconds``: after so long it is "database is locked", an
    OperationalError; and ``reads_only``: then nothing is written, not even a file beside the
    database.
    """

    reads_only = False

    def __del__(self) -> None:
        """A thread that ended takes its wrapper along: what is left open then is closed here.

        Python 3.13 and later warn of a connection that is collected without having been closed.
        """
        connection = self.__dict__.get("connection")
        if connection is not None:
            connection.close()
        if "turns" in self.__dict__:
            self.turns.close()

    def get_connection_params(self) -> dict[str, Any]:
        parameters: dict[str, Any] = super().get_connection_params()
        self.lock_seconds = float(parameters.pop("lock_seconds"))
        self.reads_only = bool(parameters.pop("reads_only", False))
        if self.reads_only:
            parameters["database"] = reading_uri(Path(self.settings_dict["NAME"]))
            self.init_commands = ["PRAGMA query_only = ON"]
        return parameters

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        path = Path(self.settings_dict["NAME"])
        if not self.reads_only:
            make_shrinkable(path)
        is_file = not (self.reads_only or self.is_in_memory_db())
        self.turns = Turns(path.with_suffix(".turn") if is_file else None)
        return super().get_new_connection(conn_params)

    def create_cursor(self, name: str | None = None) -> Any:
        cursor = self.connection.cursor(factory=_Cursor)
        cursor.wrapper = self
        return cursor

    def close(self) -> None:
        super().close()
        if self.connection is None and "turns" in self.__dict__:
            self.turns.close()

    def in_turn(self, attempt: Callable[[], T]) -> T:
        """The result of ``attempt``, once this connection has got the write lock.

        Raises sqlite3.OperationalError: it is locked for longer than ``lock_seconds``.
        """
        connection: sqlite3.Connection = self.connection
        connection.execute("PRAGMA busy_timeout = 0")
        try:
            return self.turns.take(attempt, self.lock_seconds)
        finally:
            connection.execute(f"PRAGMA busy_timeout = {round(self.lock_seconds * 1000)}")

    @cached_property
    def wrap_database_errors(self) -> DatabaseErrorWrapper:
        return _NotingDamage(self)

    def _start_transaction_under_autocommit(self) -> None:
        with self.wrap_database_errors:
            self.in_turn(lambda: self.connection.execute("BEGIN IMMEDIATE"))


class _Cursor(base.SQLiteCursorWrapper):
    wrapper: DatabaseWrapper

    def execute(self, query: str, params: Any = None) -> Any:
        """A statement that is a transaction of its own, and so may be tried again, waits in turn
        like others.
        """
        if self.connection.in_transaction or not query.lstrip().startswith(WRITES):
            return super().execute(query, params)
        return self.wrapper.in_turn(partial(super().execute, query, params))


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
