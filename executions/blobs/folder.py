"""Files in a folder: of the data folder, or one that hosts share."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, ClassVar

from executions.blobs.kept import CHUNK, Stored, TooLarge, name_of

_PART = ".part"


@dataclass(frozen=True, slots=True)
class Folder:
    """Keeps files in a folder."""

    root: Path
    unused_every_seconds: ClassVar[float] = 0.0

    def put(self, source: BinaryIO, most_bytes: int) -> Stored:
        """Keep what there is to read. Raises TooLarge and OSError; nothing is kept then."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        digest, size = hashlib.sha256(), 0
        with NamedTemporaryFile(dir=self.root, suffix=_PART, delete=False) as file:
            try:
                while chunk := source.read(CHUNK):
                    size += len(chunk)
                    if size > most_bytes:
                        raise TooLarge(most_bytes)
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
                path = self._path(digest.hexdigest())
                path.parent.mkdir(exist_ok=True, mode=0o700)
                os.replace(file.name, path)
            except BaseException:
                with suppress(FileNotFoundError):
                    os.unlink(file.name)
                raise
        return Stored(digest.hexdigest(), size)

    def open(self, digest: str) -> BinaryIO:
        """The file that is kept under a digest. Raises OSError."""
        return self._path(digest).open("rb")

    def require(self, digest: str) -> None:
        """Raises OSError where it cannot be opened."""
        self.open(digest).close()

    def unused(self, seconds: float) -> Iterator[str]:
        """The digests that nobody has put for so long; what was left half-written goes by the
        way.
        """
        if not self.root.is_dir():
            return
        oldest = time.time() - seconds
        for path in sorted(self.root.glob("??/*")) + sorted(self.root.glob(f"*{_PART}")):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime > oldest:
                    continue
                if path.suffix == _PART:
                    path.unlink()
                else:
                    yield path.parent.name + path.name

    def remove(self, digest: str) -> None:
        """Keep it no longer. A file that is gone already is no problem."""
        self._path(digest).unlink(missing_ok=True)

    def check(self) -> None:
        """Nothing to ask: it is made when something is kept."""

    def _path(self, digest: str) -> Path:
        return self.root / name_of(digest)
