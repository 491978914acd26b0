"""The parts that every storage of files has in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, ClassVar, Protocol

CHUNK = 1024 * 1024
_HEXADECIMAL = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that is kept: the SHA-256 of its bytes in hexadecimal, and how many they are."""

    digest: str
    size: int


class TooLarge(ValueError):
    """A file has more bytes than may be kept."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__(f"it has more than {most_bytes:,} bytes")


class StorageFailed(OSError):
    """The storage did not do what it was asked, in a sentence. ``may_pass``: trying again later may
    help.
    """

    def __init__(self, message: str, *, may_pass: bool = False) -> None:
        super().__init__(message)
        self.may_pass = may_pass


class Storage(Protocol):
    """Keeps files once, under their digests."""

    # Looking for what nobody needs any more costs so much that it is done this rarely.
    unused_every_seconds: ClassVar[float]

    def put(self, source: BinaryIO, most_bytes: int) -> Stored:
        """Keep what there is to read. Raises TooLarge and OSError; nothing is kept then."""

    def open(self, digest: str) -> BinaryIO:
        """The file that is kept under a digest. Raises OSError, FileNotFoundError where it is not
        there.
        """

    def require(self, digest: str) -> None:
        """Raises OSError where it cannot be opened, FileNotFoundError where it is not there."""

    def unused(self, seconds: float) -> Iterator[str]:
        """The digests that nobody has put for so long. Raises OSError."""

    def remove(self, digest: str) -> None:
        """Keep it no longer. A file that is gone already is no problem. Raises OSError."""

    def check(self) -> None:
        """Raises StorageFailed where nothing could be kept now."""


def name_of(digest: str) -> str:
    """The name of its file below the storage: a digest's own, never one that a run has given."""
    if not is_digest(digest):
        raise ValueError("a digest has 64 hexadecimal digits")
    return f"{digest[:2]}/{digest[2:]}"


def is_digest(text: str) -> bool:
    return len(text) == 64 and _HEXADECIMAL.issuperset(text)
