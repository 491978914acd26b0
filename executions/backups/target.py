"""The database of this installation, as the settings name it."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings
from psycopg.conninfo import make_conninfo

# The words that Django and Stigmer add to libpq's own for an address, and the ones that are never
# shown.
LEFT_OUT = ("pool", "prepare_threshold", "options", "password")


def database_file() -> Path | None:
    """The file of an SQLite database, links followed; None for PostgreSQL."""
    database = settings.DATABASES["default"]
    if not str(database["ENGINE"]).endswith(".sqlite"):
        return None
    return Path(os.path.realpath(str(database["NAME"])))


def conninfo(*, with_password: bool = False, **parts: str) -> str:
    """PostgreSQL's address as libpq reads it, without the limits of Stigmer's own connections.

    ``parts`` stand instead of what the settings say, ``dbname`` for one. Without ``with_password``
    it may stand in a command line, which other users of the machine can read.
    """
    database = settings.DATABASES["default"]
    named = {
        "dbname": database["NAME"],
        "user": database["USER"],
        "host": database["HOST"],
        "port": database["PORT"],
        "password": password() if with_password else "",
        "application_name": "stigmer backup",
    }
    of_libpq = {key: value for key, value in database["OPTIONS"].items() if key not in LEFT_OUT}
    filled = {key: str(value) for key, value in (of_libpq | named | parts).items() if value}
    return make_conninfo("", **filled)


def password() -> str:
    """The password of DATABASE_URL, empty where there is none."""
    database = settings.DATABASES["default"]
    return str(database.get("PASSWORD") or database["OPTIONS"].get("password") or "")
