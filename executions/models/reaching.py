"""Whether the database can be reached and written, and why not: at once, where a pool would wait
and not say why.
"""

from __future__ import annotations

from typing import Any

from django.db import Error, connection

from executions.models.write_locks import who_keeps_writes_out

CONNECT_SECONDS = 2


def reach() -> None:
    """Open a connection beside the pool and close it.

    Raises django.db.Error with the driver's own words.
    """
    if connection.vendor != "postgresql":
        return
    driver: Any = connection.Database  # type: ignore[attr-defined]
    with connection.wrap_database_errors:
        driver.connect(
            **connection.get_connection_params() | {"connect_timeout": CONNECT_SECONDS}
        ).close()


def why_not_written() -> str:
    """Why nothing can be written to the database now, in a line; empty where it can."""
    try:
        reach()
        holder = who_keeps_writes_out()
    except Error as problem:
        return first_line(problem)
    return "" if holder is None else str(holder)


def first_line(problem: BaseException) -> str:
    """An error of the database in one line."""
    text = str(problem).strip()
    return text.splitlines()[0].rstrip(".") if text else type(problem).__name__
