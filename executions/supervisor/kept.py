"""The log that ``stigmer up`` keeps beside the data, a JSON record a line, for ``stigmer server
logs``: what a terminal that was closed has shown.
"""

from __future__ import annotations

import json
import os
import time
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

MOST_BYTES = 10 * 1024 * 1024
LOOK_SECONDS = 0.3


def path_in(home: Path) -> Path:
    """The place of the log in this data folder."""
    return home / "logs" / "server.log"


class Kept:
    """Appends lines; beside the newest ``MOST_BYTES`` as many older ones stay. Nobody else on the
    machine may read them.
    """

    def __init__(self, home: Path) -> None:
        self._path = path_in(home)
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file: int | None = None
        self._size = 0

    def add(self, line: str) -> None:
        """Write one line. A full disk takes the line, not the server: it went to its terminal."""
        written = f"{line}\n".encode(errors="replace")
        with suppress(OSError):
            if self._file is not None and self._size + len(written) > MOST_BYTES:
                self.close()
                os.replace(self._path, self._path.with_name(f"{self._path.name}.1"))
            if self._file is None:
                self._file = os.open(self._path, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
                self._size = os.fstat(self._file).st_size
            self._size += os.write(self._file, written)

    def close(self) -> None:
        """The next line opens it again."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def newest(home: Path, many: int, process: str = "") -> list[dict[str, Any]]:
    """The last records, the oldest of them first; of this process (``web``, ``worker``,
    ``worker-2``) where one is named.
    """
    path, records = path_in(home), deque[dict[str, Any]](maxlen=many)
    for each in (path.with_name(f"{path.name}.1"), path):
        if each.exists():
            with each.open(encoding="utf-8", errors="replace") as lines:
                records.extend(_records(lines, process))
    return list(records)


def coming(home: Path, process: str = "") -> Generator[dict[str, Any] | None, None, None]:
    """The records that are written from now on, for ever; None each time that there is none."""
    path = path_in(home)
    opened = path.open(encoding="utf-8", errors="replace")
    opened.seek(0, os.SEEK_END)
    try:
        while True:
            # Looked at before the rest is read: nothing is written to it after that.
            is_replaced = _is_replaced(path, opened)
            yield from _records(_whole_lines(opened), process)
            if is_replaced:
                opened.close()
                opened = path.open(encoding="utf-8", errors="replace")
                continue
            yield None
            time.sleep(LOOK_SECONDS)
    finally:
        opened.close()


def _whole_lines(opened: TextIO) -> Iterator[str]:
    """Those that are written to their end; the rest of one is read again with its end."""
    while True:
        at = opened.tell()
        line = opened.readline()
        if not line.endswith("\n"):
            opened.seek(at)
            return
        yield line


def _is_replaced(path: Path, opened: TextIO) -> bool:
    """Whether another file stands there now."""
    try:
        return path.stat().st_ino != os.fstat(opened.fileno()).st_ino
    except FileNotFoundError:
        return False


def _records(lines: Iterator[str] | TextIO, process: str) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            # The end of a line that a full disk cut.
            continue
        if isinstance(record, dict) and _is_of(str(record.get("process", "")), process):
            yield record


def _is_of(name: str, process: str) -> bool:
    return not process or name == process or name.startswith(f"{process}-")
