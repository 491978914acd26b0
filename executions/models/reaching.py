"""Whether the database can be reached, and why not: at once, where a pool would wait and then not say why."""

from __future__ import annotations

from typing import Any

from django.db import Error, connection

CONNECT_SECONDS = 2


def reach() -> None:
    """Open a connection beside the pool and close it. Raises django.db.Error with the driver's own words."""
    if connection.vendor != "postgresql":
        return
    driver: Any = connection.Database  # type: ignore[attr-defined]
    with connection.wrap_database_errors:
        driver.connect(**connection.get_connection_params() | {"connect_timeout": CONNECT_SECONDS}).close()


def why_away() -> str:
    """Why the database cannot be reached, in a line; empty where it can."""
    try:
        reach()
    except Error as problem:
        return first_line(problem)
    return ""


def first_line(problem: BaseException) -> str:
    """What an error of the database says, in a line."""
    text = str(problem).strip()
    return text.splitlines()[0].rstrip(".") if text else type(problem).__name__
