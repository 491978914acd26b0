"""The last line of a backup: how long it is, its digest, and what made it.

Neither SQLite nor pg_restore reads past the end of what is theirs, so that the file stays one of
theirs; and neither would notice a byte that a disk or a copy changed in the middle of it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import stigmer_site
from executions.backups.errors import BackupError

MARK = b"\nstigmer-backup "
LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Seal:
    """``bytes`` is the length of what stands before the seal, ``sha256`` its digest."""

    bytes: int
    sha256: str
    made_at: str
    version: str

    def sentence(self) -> str:
        return f"made {self.made_at} by Stigmer {self.version}"


def seal(draft: Path) -> None:
    """Close a backup with its seal."""
    made_at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    length = draft.stat().st_size
    mine = Seal(length, _digest(draft, length), made_at, stigmer_site.__version__)
    with draft.open("ab") as file:
        file.write(MARK + json.dumps(asdict(mine)).encode() + b"\n")


def checked_seal(path: Path) -> Seal | None:
    """The seal, if the file is what it was; None where there is none, as in another tool's copy.

    Raises BackupError where the file has changed.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - LONGEST))
        _, mark, line = file.read().rpartition(MARK)
    if not mark:
        return None
    try:
        file_seal = Seal(**json.loads(line))
        has_its_length = file_seal.bytes == size - len(mark) - len(line)
        is_whole = has_its_length and file_seal.sha256 == _digest(path, file_seal.bytes)
    except (ValueError, TypeError):
        is_whole = False
    if not is_whole:
        raise BackupError(f"{path} is damaged: it is not what was written. Use another backup.")
    return file_seal


def _digest(path: Path, length: int) -> str:
    digest, left = hashlib.sha256(), length
    with path.open("rb") as file:
        while left > 0 and (block := file.read(min(left, 1024 * 1024))):
            digest.update(block)
            left -= len(block)
    return digest.hexdigest()
