"""Which of the two databases this process has."""

from __future__ import annotations

from functools import cache

from django.db import connection


@cache
def vendor() -> str:
    """``sqlite`` or ``postgresql``: the connection's own answer, which costs microseconds each time
    and never changes.
    """
    return connection.vendor
