"""The connections over which a worker writes the journal."""

from __future__ import annotations

from django.conf import settings
from django.db import connection

from executions.driving.store import Writers

# Commits that come together share one flush of the log.
ON_POSTGRESQL = 8
FOR_OTHER_THREADS = 6


def writers() -> Writers:
    """As many as suit the database: SQLite has one writer and a costly COMMIT, PostgreSQL serves a
    few at once.
    """
    if connection.vendor == "sqlite":
        return Writers(1, batch=settings.STIGMER_SLOTS)
    return Writers(share(connection.settings_dict["OPTIONS"]["pool"]["max_size"]))


def share(connections: int) -> int:
    """How many of a process's connections write the journal: they are kept, so the other threads
    (the pulse, the sweep, the bells) get what is left of the pool.
    """
    return max(1, min(ON_POSTGRESQL, connections - FOR_OTHER_THREADS))
