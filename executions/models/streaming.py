"""Rows that are read one after another."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

from django.db import connection
from django.db.models import QuerySet

Row = TypeVar("Row")


def stream(rows: QuerySet[Any, Row]) -> Generator[Row, None, None]:
    """``rows.iterator()`` with Django's errors only.

    Django closes a server-side cursor outside of what translates the driver's errors, so that a
    session which ends meanwhile raised one that nobody knows as trouble of the database.
    """
    with connection.wrap_database_errors:
        yield from rows.iterator()
