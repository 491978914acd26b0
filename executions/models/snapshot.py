"""One consistent read over several queries: all of them see the database as it was at the first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def snapshot() -> Iterator[None]:
    """Queries inside read one state of the database; nothing may be written.

    PostgreSQL: REPEATABLE READ, READ ONLY. SQLite: a deferred transaction, which takes no lock that
    a writer waits for in WAL mode. Inside a transaction that is open already this does nothing:
    that transaction decides what is seen. Raises what the database raises.
    """
    if connection.in_atomic_block or _has_begun():
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
    else:
        # Not by Django: our backend begins each of its transactions IMMEDIATE, as a writer.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("ROLLBACK")


def _has_begun() -> bool:
    """Whether this is inside another snapshot of SQLite, of which Django does not know."""
    return connection.vendor == "sqlite" and bool(
        getattr(connection.connection, "in_transaction", False)
    )
