"""A part of a page that may take too long: the page is shown without it, and says so. Several parts
may have one time together.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import structlog
from django.db import OperationalError, connection, transaction

SECONDS = 1.5
# How many instructions of SQLite's machine run between two looks at the clock.
_INSTRUCTIONS = 20_000
_LEAST_SECONDS = 0.01
_QUERY_CANCELED = "57014"
T = TypeVar("T")
log = structlog.get_logger(__name__)


class Time:
    """The time that several parts have together, from now on."""

    def __init__(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds

    def left(self) -> float:
        """In seconds; 0 where it is up."""
        return max(0.0, self._ends_at - time.monotonic())


def in_time(part: str, work: Callable[[], T], seconds: float = SECONDS) -> T | None:
    """The result of ``work``, or None where a query of it took longer than ``seconds``; without any
    time left nothing is read.

    ``part`` names it in the log. ``work`` reads all that it wants before it returns: a queryset
    that is evaluated later is not bounded. Raises whatever else the database raises.
    """
    # A limit of 0 ms is none to PostgreSQL.
    if seconds < _LEAST_SECONDS:
        return None
    limited = _limited_by_server if connection.vendor == "postgresql" else _limited_by_clock
    try:
        with limited(seconds):
            return work()
    except OperationalError as problem:
        if not _took_too_long(problem):
            raise
        log.warning("a part of a page took too long", part=part, seconds=seconds)
        return None


@contextmanager
def _limited_by_server(seconds: float) -> Iterator[None]:
    goes_on = connection.in_atomic_block
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout TO {round(seconds * 1000)}")
        yield
        if goes_on:
            # Inside another transaction the limit would go on until the end of that one.
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout TO DEFAULT")


@contextmanager
def _limited_by_clock(seconds: float) -> Iterator[None]:
    connection.ensure_connection()
    driver: sqlite3.Connection = connection.connection
    ends_at = time.monotonic() + seconds
    driver.set_progress_handler(lambda: time.monotonic() > ends_at, _INSTRUCTIONS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)


def _took_too_long(problem: OperationalError) -> bool:
    cause = problem.__cause__
    is_interrupted = getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT
    return is_interrupted or getattr(cause, "sqlstate", None) == _QUERY_CANCELED
