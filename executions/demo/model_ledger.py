"""The requests to the demonstration model, and whether they were paid for: the witness that no turn
is paid for twice.

An SQLite file, so that what was written survives the end of the process at any moment.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FILE_NAME = "model.sqlite3"
SHOWN = 200
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS request (id INTEGER PRIMARY KEY, at TEXT NOT NULL, digest TEXT NOT"
    " NULL, script TEXT NOT NULL, status INTEGER NOT NULL, input_tokens INTEGER NOT NULL,"
    " output_tokens INTEGER NOT NULL DEFAULT 0, in_full INTEGER NOT NULL DEFAULT 0);"
    " CREATE INDEX IF NOT EXISTS request_digest ON request (digest);"
)
_COLUMNS = ("id", "at", "digest", "script", "status", "input_tokens", "output_tokens", "in_full")


class ModelLedger:
    """Safe to use from many threads."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / FILE_NAME
        self._lock = threading.Lock()
        with self._connection() as connection:
            connection.executescript(_SCHEMA)

    def tried(self, digest: str) -> int:
        """How often this request was made before."""
        with self._connection() as connection:
            row = connection.execute("SELECT COUNT(*) FROM request WHERE digest = ?", [digest])
            return int(row.fetchone()[0])

    def begin(self, digest: str, script: str, status: int, input_tokens: int) -> int:
        """Write a request down before its answer begins; its number."""
        values = [datetime.now(UTC).isoformat(), digest, script, status, input_tokens]
        with self._connection() as connection:
            cursor = connection.execute(
                "INSERT INTO request (at, digest, script, status, input_tokens) VALUES"
                " (?, ?, ?, ?, ?)",
                values,
            )
            return int(cursor.lastrowid or 0)

    def end(self, number: int, output_tokens: int, *, in_full: bool) -> None:
        """How much of the answer was sent, and whether that was all of it."""
        with self._connection() as connection:
            connection.execute(
                "UPDATE request SET output_tokens = ?, in_full = ? WHERE id = ?",
                [output_tokens, in_full, number],
            )

    def entries(self) -> list[dict[str, Any]]:
        """The newest requests, the oldest of them first."""
        names = ", ".join(_COLUMNS)
        with self._connection() as connection:
            rows = connection.execute(
                f"SELECT {names} FROM request ORDER BY id DESC LIMIT {SHOWN}"
            ).fetchall()
        entries = [dict(zip(_COLUMNS, row, strict=True)) for row in reversed(rows)]
        return [entry | {"in_full": bool(entry["in_full"])} for entry in entries]

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with (
            self._lock,
            closing(sqlite3.connect(self.path, timeout=10)) as connection,
            connection,
        ):
            yield connection
