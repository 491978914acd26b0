"""The lines of an archive: JSON, gzip, a signature at the end.

    {"t": "archive", "format": 1, "version": …, "made_at": …, "about": …}
    {"t": "definition", "of": "workflow", "slug": …, "number": …, "digest": …, "source": …}
    {"t": "run", "id": "wex-…", "name": …, "phase": …, "owner": …, "version": digest}
    {"t": "executions.execution", "row": {…}} and a line for each row that belongs to it
    {"t": "end", "id": "wex-…", "rows": …, "people": {"7": "alice"}, "sha256": of its lines}
    {"t": "signature", "runs": …, "sha256": of all lines before, "key": …, "mac": …}

A value is what its column holds. JSON that would not be written back letter for letter is kept as
``{"$exact": text}``, so that the digests of the journal hold after a way through a file.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from executions.audit import keys
from executions.audit.chain import sign
from executions.errors import StigmerError
from executions.values import dumps

FORMAT = 1
EXACT = "$exact"
# No line that we write is as long; a file that somebody made up may be.
LONGEST_LINE = 64 * 1024 * 1024


class ArchiveUnreadable(StigmerError):
    """The file is no archive, or not what was written."""


def exact(text: str | None) -> Any:
    """The JSON value of a column's text, if that can be written back letter for letter."""
    if text is None:
        return None
    try:
        value = json.loads(text)
        if dumps(value) == text and not (isinstance(value, dict) and EXACT in value):
            # JSON null and SQL NULL are two values.
            return {EXACT: text} if value is None else value
    except (ValueError, RecursionError, StigmerError):
        pass
    return {EXACT: text}


def text_of(value: Any) -> str | None:
    """The value of which ``exact`` was made."""
    if value is None:
        return None
    if isinstance(value, dict) and EXACT in value:
        return str(value[EXACT])
    return dumps(value)


def plain(value: Any) -> Any:
    """A column's value as JSON."""
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, uuid.UUID | Decimal) else value


class Writer:
    """Writes a file; it is whole once ``close`` came to its end, and kept only then."""

    def __init__(self, path: Path) -> None:
        self.path, self.rows, self.runs = path, 0, 0
        self._all, self._run = hashlib.sha256(), hashlib.sha256()
        self._file: IO[bytes] = path.open("xb")
        # Without the moment the same runs make the same file.
        self._packed = gzip.GzipFile(
            filename="", fileobj=self._file, mode="wb", compresslevel=6, mtime=0
        )

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._packed.close()
        self._file.close()
        if kind is not None:
            self.path.unlink(missing_ok=True)

    def line(self, entry: dict[str, Any]) -> None:
        raw = (dumps(entry) + "\n").encode()
        self._all.update(raw)
        self._run.update(raw)
        self._packed.write(raw)

    def begin(self) -> None:
        """The lines of a run follow."""
        self._run, self._begun = hashlib.sha256(), self.rows

    def row(self, table: str, values: dict[str, Any]) -> None:
        self.rows += 1
        self.line({"t": table, "row": values})

    def end(self, id: str, people: dict[str, str], is_redacted: bool) -> None:
        """The run is complete; ``people`` are the names of those whom its rows name by number."""
        self.runs += 1
        rows, digest = self.rows - self._begun, self._run.hexdigest()
        entry = {"t": "end", "id": id, "rows": rows, "people": people, "redacted": is_redacted}
        self.line({**entry, "sha256": digest})

    def seal(self) -> None:
        """Sign what was written; nothing follows. Raises KeyUnreadable."""
        key, digest = keys.signing(), self._all.hexdigest()
        entry = {"t": "signature", "runs": self.runs, "sha256": digest, "key": key.id}
        self.line({**entry, "mac": sign(key, f"archive\n{digest}")})


@dataclass(frozen=True, slots=True)
class Sealed:
    """``is_ours``: it was signed with a key of this installation."""

    runs: int
    is_ours: bool


def lines(path: Path) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """The lines of a file, as they stand and read. Raises ArchiveUnreadable."""
    try:
        with gzip.open(path, "rb") as packed:
            while raw := packed.readline(LONGEST_LINE):
                if not raw.endswith(b"\n"):
                    raise ArchiveUnreadable(f"{path} breaks off, or one of its lines is too long.")
                entry = json.loads(raw)
                if not isinstance(entry, dict) or not isinstance(entry.get("t"), str):
                    raise ArchiveUnreadable(f"{path} holds a line that is none of an archive.")
                yield raw, entry
    except (OSError, EOFError, ValueError, RecursionError) as problem:
        raise ArchiveUnreadable(f"{path} cannot be read as an archive: {problem}.") from problem


def verify(path: Path) -> Sealed:
    """Read all of it and compare it with its signature. Raises ArchiveUnreadable."""
    whole, run, runs, rows = hashlib.sha256(), hashlib.sha256(), 0, 0
    last: dict[str, Any] = {}
    for number, (raw, entry) in enumerate(lines(path)):
        if number == 0 and (entry.get("t") != "archive" or entry.get("format") != FORMAT):
            raise ArchiveUnreadable(f"{path} is no archive of a format that this version reads.")
        if last.get("t") == "signature":
            raise ArchiveUnreadable(f"{path} goes on behind its signature.")
        if entry["t"] == "signature":
            _compare(path, entry.get("sha256") == whole.hexdigest() and entry.get("runs") == runs)
        elif entry["t"] == "run":
            run, rows = hashlib.sha256(), 0
        elif entry["t"] == "end":
            runs += 1
            _compare(path, entry.get("sha256") == run.hexdigest() and entry.get("rows") == rows)
        whole.update(raw)
        run.update(raw)
        rows += "row" in entry
        last = entry
    if last.get("t") != "signature":
        raise ArchiveUnreadable(f"{path} has no signature at its end: it was never finished.")
    key = keys.by_id(str(last.get("key")))
    if key is not None:
        _compare(path, sign(key, f"archive\n{last['sha256']}") == last.get("mac"))
    return Sealed(runs, key is not None)


def _compare(path: Path, holds: bool) -> None:
    if not holds:
        raise ArchiveUnreadable(f"{path} is not what was written: a line of it was changed.")
