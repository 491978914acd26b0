"""Files in a storage that speaks S3: a request for each, signed, never redirected, bounded in time
and memory.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from tempfile import TemporaryFile
from typing import BinaryIO, ClassVar

from executions.blobs import listing
from executions.blobs.address import Address, parse
from executions.blobs.exchange import Exchange
from executions.blobs.kept import CHUNK, StorageFailed, Stored, TooLarge, is_digest, name_of
from executions.blobs.signing import Keys

# A file that lies there for longer is put again, so that it counts as new to the sweep, which
# removes files that nobody has put for an hour.
FRESH = timedelta(minutes=20)
# The most that one request can bring there: more than that is none of ours.
MOST_BYTES = 5 * 1024**3
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


def at(text: str) -> S3:
    """The storage of this address, with the keys of the environment. Raises StorageFailed."""
    usual = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""
    address = parse(text, usual)
    missing = [name for name in _KEYS if not os.environ.get(name)]
    if missing:
        raise StorageFailed(
            f"STIGMER_ARTIFACTS names a storage that speaks S3, and {' and '.join(missing)}"
            f" {'is' if len(missing) == 1 else 'are'} not set for this process."
        )
    session = os.environ.get("AWS_SESSION_TOKEN", "")
    keys = Keys(os.environ[_KEYS[0]], os.environ[_KEYS[1]], session)
    return S3(Exchange(address, keys))


@dataclass(frozen=True, slots=True)
class S3:
    """Keeps files in a bucket."""

    exchange: Exchange
    # Each look costs a request for every thousand files.
    unused_every_seconds: ClassVar[float] = 900.0

    @property
    def _address(self) -> Address:
        return self.exchange.address

    def put(self, source: BinaryIO, most_bytes: int) -> Stored:
        """Keep what there is to read. Raises TooLarge and OSError; nothing is kept then."""
        with TemporaryFile() as file:
            digest, size = hashlib.sha256(), 0
            while chunk := source.read(CHUNK):
                size += len(chunk)
                if size > min(most_bytes, MOST_BYTES):
                    raise TooLarge(min(most_bytes, MOST_BYTES))
                digest.update(chunk)
                file.write(chunk)
            stored = Stored(digest.hexdigest(), size)
            if not self._is_fresh(stored):
                self.exchange.upload(self._key(stored.digest), file, stored)
        return stored

    def open(self, digest: str) -> BinaryIO:
        """The file that is kept under a digest: brought here whole and found to be that. Raises
        OSError.
        """
        key = self._key(digest)
        file: BinaryIO = TemporaryFile()  # noqa: SIM115
        try:
            if self.exchange.download(key, file, MOST_BYTES) != digest:
                raise StorageFailed(
                    f"The storage holds something else under {key} than was put there."
                )
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return file

    def require(self, digest: str) -> None:
        """Raises OSError where it is not there, or the storage does not answer."""
        self.exchange.ask("HEAD", self._key(digest))

    def unused(self, seconds: float) -> Iterator[str]:
        """The digests that nobody has put for so long. Names that are not ours are passed over."""
        prefix, start = self._address.key(""), ""
        query = {"list-type": "2", "prefix": prefix, "encoding-type": "url"}
        while True:
            more = {"continuation-token": start} if start else {}
            answer = self.exchange.ask("GET", "", query | more)
            page = listing.read(answer.body, prefix)
            for name, changed in page.files:
                digest = name.replace("/", "", 1)
                is_ours = is_digest(digest) and name == name_of(digest)
                if is_ours and (answer.date - changed).total_seconds() > seconds:
                    yield digest
            if not page.following or page.following == start:
                return
            start = page.following

    def remove(self, digest: str) -> None:
        """Keep it no longer. A file that is gone already is no problem. Raises OSError."""
        self.exchange.ask("DELETE", self._key(digest), missing_is_fine=True)

    def check(self) -> None:
        """Whether it answers and takes the keys. Raises StorageFailed."""
        query = {"list-type": "2", "max-keys": "1", "prefix": self._address.key("")}
        self.exchange.ask("GET", "", query)

    def _is_fresh(self, stored: Stored) -> bool:
        answer = self.exchange.ask("HEAD", self._key(stored.digest), missing_is_fine=True)
        if answer.status != 200 or answer.size != stored.size or answer.modified is None:
            return False
        return answer.date - answer.modified < FRESH

    def _key(self, digest: str) -> str:
        return self._address.key(name_of(digest))
