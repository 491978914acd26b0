"""How long one try waits for a lock that others hold, and how long a statement may take, where it
is not the usual.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, Error, connection, connections


@contextmanager
def lock_wait(seconds: float) -> Iterator[None]:
    """Inside, this thread's transactions wait at most so long for a lock.

    Raises django.db.Error where the database does not answer.
    """
    if connection.vendor == "sqlite":
        mine: Any = connections[DEFAULT_DB_ALIAS]
        mine.ensure_connection()
        usual, mine.lock_seconds = mine.lock_seconds, seconds
        try:
            yield
        finally:
            mine.lock_seconds = usual
    else:
        with _setting("lock_timeout", seconds):
            yield


def usual_lock_seconds() -> float:
    """How long this thread's connection to SQLite waits for the lock of others."""
    mine: Any = connections[DEFAULT_DB_ALIAS]
    mine.ensure_connection()
    return float(mine.lock_seconds)


@contextmanager
def statement_time(seconds: float) -> Iterator[None]:
    """Inside, a statement of this thread may take so long. SQLite has no such limit."""
    if connection.vendor == "sqlite":
        yield
    else:
        with _setting("statement_timeout", seconds):
            yield


@contextmanager
def _setting(name: str, seconds: float) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(f"SET {name} = {max(1, round(seconds * 1000))}")
    try:
        yield
    finally:
        _reset(name)


def _reset(name: str) -> None:
    """Back to what the connection began with: the pool gives it to others.

    One that cannot be asked is closed.
    """
    try:
        # A transaction that is rolled back takes its settings with it.
        if connection.connection is not None and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute(f"RESET {name}")
    except Error:
        connection.close()
