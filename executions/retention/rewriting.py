"""Writing an SQLite file anew, once, so that it can shrink by itself from then on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from django.conf import settings
from django.db import connections

from executions.errors import Refused
from stigmer_site.sqlite.files import uri_of

PATIENCE_SECONDS = 60.0


def rewrite() -> None:
    """Keep everybody else from writing while it is done. Raises Refused."""
    connections.close_all()
    path = Path(str(settings.DATABASES["default"]["NAME"]))
    try:
        address = uri_of(path, mode="rw")
        with closing(sqlite3.connect(address, uri=True, timeout=PATIENCE_SECONDS)) as own:
            own.execute("PRAGMA auto_vacuum = INCREMENTAL")
            own.execute("VACUUM")
            own.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error as error:
        raise Refused(
            "unavailable",
            f"The file was not written anew: {error}.",
            remedy="Stop the workers, or try again when less is going on.",
        ) from error
