"""The connections over which a worker writes the journal."""

from __future__ import annotations

from django.conf import settings
from django.db import connection

from executions.driving.store import Writers

ON_POSTGRESQL = 4


def writers() -> Writers:
    """As many as suit the database: SQLite has one writer and a costly COMMIT, PostgreSQL serves a
    few at once.
    """
    if connection.vendor == "sqlite":
        return Writers(1, batch=settings.STIGMER_SLOTS)
    return Writers(ON_POSTGRESQL)
