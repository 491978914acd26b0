"""A database in trouble, for real: what holds its lock, and what takes it away."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, connections


@contextlib.contextmanager
def busy(table: str) -> Iterator[None]:
    """Another connection holds what a write to ``table`` needs; ours waits for a moment only."""
    if connection.vendor == "sqlite":
        with contextlib.closing(sqlite3.connect(connection.settings_dict["NAME"])) as other:
            other.execute("BEGIN IMMEDIATE")
            with impatient():
                yield
    else:
        with other_session() as session, session.transaction():
            session.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            with _setting("SET lock_timeout='10ms'", "SET lock_timeout='2s'"):
                yield


@contextlib.contextmanager
def locked(*statements: str) -> Iterator[None]:
    """Another session has done this in a transaction that it does not end, on SQLite: holds the
    write lock.
    """
    if connection.vendor == "sqlite":
        with contextlib.closing(
            sqlite3.connect(connection.settings_dict["NAME"], timeout=60)
        ) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
    else:
        with other_session() as session, session.transaction(force_rollback=True):
            for statement in statements:
                session.execute(statement)
            yield


@contextlib.contextmanager
def impatient(seconds: float = 0.0) -> Iterator[None]:
    """Our connection to SQLite waits so long for another writer."""
    with _setting(f"PRAGMA busy_timeout={round(seconds * 1000)}", "PRAGMA busy_timeout=10000"):
        usual: float = vars(connections[DEFAULT_DB_ALIAS])["lock_seconds"]
        vars(connections[DEFAULT_DB_ALIAS])["lock_seconds"] = seconds
        try:
            yield
        finally:
            vars(connections[DEFAULT_DB_ALIAS])["lock_seconds"] = usual


@contextlib.contextmanager
def away() -> Iterator[None]:
    """PostgreSQL ends our session; SQLite's file cannot be opened."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        connection.close()
        connection.settings_dict["NAME"] = "/there/is/no/such/folder/file.sqlite3"
    else:
        with connection.cursor() as cursor, other_session() as session:
            ours = cursor.execute("SELECT pg_backend_pid()").fetchone()[0]
            # Waits until it has ended.
            session.execute("SELECT pg_terminate_backend(%s, 10000)", [ours])
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name


@contextlib.contextmanager
def _setting(given: str, back: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(given)
        try:
            yield
        finally:
            cursor.execute(back)


def other_session() -> psycopg.Connection:
    """A session of somebody else's; each of its statements is a transaction."""
    named = connection.settings_dict
    return psycopg.connect(
        host=named["HOST"], user=named["USER"], dbname=named["NAME"], autocommit=True
    )
