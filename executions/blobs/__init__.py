"""Files that are kept once, under the digest of what they hold: in a folder, or in a storage that
speaks S3.
"""

from __future__ import annotations

from pathlib import Path

from executions.blobs.folder import Folder
from executions.blobs.kept import Storage, StorageFailed, Stored, TooLarge

__all__ = ["Folder", "Storage", "StorageFailed", "Stored", "TooLarge", "at", "is_remote"]


def at(where: str | Path) -> Storage:
    """The storage of this address: a folder, or ``s3://bucket/prefix?endpoint=…&region=…``.

    Raises StorageFailed for an address that says nothing, or whose keys are missing.
    """
    text = str(where)
    if is_remote(text):
        # Its client is loaded by those who have such a storage.
        from executions.blobs import s3

        return s3.at(text)
    return Folder(Path(where))


def is_remote(where: str | Path) -> bool:
    """Whether it is the address of a server."""
    return isinstance(where, str) and "://" in where
