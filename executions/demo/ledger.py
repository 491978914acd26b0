"""The deeds of the shop, as lines of JSON in a file that only grows: the witness that no step ran
twice.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FILE_NAME = "ledger.jsonl"


class Ledger:
    """An append-only file; a line is on the disk before :meth:`append` returns.

    One writer at a time.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / FILE_NAME
        self.entries = _read(self.path)

    def append(self, effect: str, **facts: Any) -> dict[str, Any]:
        """Write one effect down; the entry with its number and time is returned."""
        entry = {
            "sequence": len(self.entries) + 1,
            "at": datetime.now(UTC).isoformat(),
            "effect": effect,
            **facts,
        }
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.entries.append(entry)
        return entry


def _read(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    entries, whole = [], 0
    with path.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                # the process died while writing this line, so it was never promised to anybody
                break
            entries.append(json.loads(line))
            whole += len(line)
    os.truncate(path, whole)
    return entries
