"""A disk that is full: while the file ``max_pages`` stands in the harness' folder, SQLite may not
grow beyond it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

FILE_NAME = "max_pages"
NO_LIMIT = 1_000_000_000
Executes = Callable[[str, Any, bool, dict[str, Any]], Any]


class Disk:
    """Sets each connection's limit before it writes, from what the file says then."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def limit(
        self, execute: Executes, sql: str, parameters: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        raw = context["connection"].connection
        if raw is not None and not sql.startswith("PRAGMA"):
            wanted = int(self._file.read_text()) if self._file.exists() else NO_LIMIT
            raw.execute(f"PRAGMA max_page_count={wanted}")
        return execute(sql, parameters, many, context)

    def watch(self, connection: BaseDatabaseWrapper, **_: Any) -> None:
        if connection.vendor == "sqlite" and self.limit not in connection.execute_wrappers:
            connection.execute_wrappers.append(self.limit)


def use() -> None:
    """For workers of a trial of F9 alone."""
    disk = Disk(Path(os.environ["STIGMER_TEST_FAULTS"]) / FILE_NAME)
    connection_created.connect(disk.watch, weak=False)
