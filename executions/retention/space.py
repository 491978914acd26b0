"""How much room the database takes, and giving back what is free in it."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection

INCREMENTAL = 2
# About 4 MB a time: as long as the one lock of SQLite is kept from others.
PAGES = 1_000


@dataclass(frozen=True, slots=True)
class Size:
    """``used`` bytes hold something, ``free`` could be used again or given back, ``left`` are free
    on the disk (None where it is another machine's, or nobody can tell).
    """

    used: int
    free: int
    left: int | None

    @property
    def bytes(self) -> int:
        return self.used + self.free


def size() -> Size:
    """As it is now."""
    if connection.vendor != "sqlite":
        return _size_of_postgres()
    pages, free, page = (_pragma(name) for name in ("page_count", "freelist_count", "page_size"))
    folder = Path(os.path.realpath(str(settings.DATABASES["default"]["NAME"]))).parent
    return Size((pages - free) * page, free * page, shutil.disk_usage(folder).free)


def _size_of_postgres() -> Size:
    """Its disk is asked only where it is this machine's, and its role may know where that is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_database_size(current_database()), (SELECT setting FROM pg_settings WHERE"
            " name = 'data_directory' AND inet_server_addr() IS NULL)"
        )
        used, folder = cursor.fetchone()
    return Size(int(used), 0, _left_beside(folder) if folder else None)


def _left_beside(folder: str) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        # The socket leads out of a container: the folder is not in ours.
        return None


def can_give_back() -> bool:
    """Whether SQLite's file was made so that it can shrink without being written anew."""
    return connection.vendor == "sqlite" and _pragma("auto_vacuum") == INCREMENTAL


def give_back(pages: int = PAGES) -> int:
    """Give some of what is free back to the disk; how many bytes. PostgreSQL keeps it for what
    comes next.
    """
    if not can_give_back():
        return 0
    before = _pragma("page_count")
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA incremental_vacuum({int(pages)})")
        cursor.fetchall()
    return (before - _pragma("page_count")) * _pragma("page_size")


def _pragma(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {name}")
        return int(cursor.fetchone()[0])
