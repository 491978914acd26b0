"""Requests to a storage that speaks S3. No redirect is followed: it would take the signature, and
with it the session's token, to another server.
"""

from __future__ import annotations

import errno
import hashlib
import os
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import BinaryIO, TypeVar

import httpx

from executions.blobs import listing
from executions.blobs.address import Address
from executions.blobs.kept import CHUNK, StorageFailed, Stored
from executions.blobs.signing import EMPTY, Keys, encoded, encoded_path, signed

TRIES = 3
PAUSE_SECONDS = 0.5
# All tries of one request together; no file may trickle for ever.
SECONDS = 120.0
MOST_ANSWER_BYTES = 4 * 1024**2
_TIMEOUT = httpx.Timeout(20.0, connect=5.0)
_PASSING = frozenset({408, 429})
_PASSING_CODES = frozenset({"RequestTimeout", "SlowDown"})
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Answer:
    """``size`` and ``modified`` are those of a file, ``date`` the time by the storage's clock."""

    status: int
    body: bytes
    size: int
    date: datetime
    modified: datetime | None


@dataclass(frozen=True, slots=True)
class Exchange:
    """With the storage of one address. All raise StorageFailed; what passes was tried again."""

    address: Address
    keys: Keys

    def ask(
        self,
        method: str,
        key: str,
        query: Mapping[str, str] | None = None,
        *,
        missing_is_fine: bool = False,
    ) -> Answer:
        """A request without a body, and an answer that is small."""

        def once(until: float) -> Answer:
            with self._sent(method, key, query or {}, until) as response:
                body = b"".join(_chunks(response, until, MOST_ANSWER_BYTES))
                if response.status_code != 404 or not missing_is_fine or _is_of_bucket(body):
                    self._judge(response, body, key)
                return _answer(response, body)

        return _again(once)

    def upload(self, key: str, file: BinaryIO, stored: Stored) -> None:
        """Put a file there; its digest is signed, so that the storage takes nothing else."""

        def once(until: float) -> None:
            file.seek(0)
            headers = {"content-length": str(stored.size)}
            body = _read(file, until)
            with self._sent("PUT", key, {}, until, headers, stored.digest, body) as response:
                self._judge(response, b"".join(_chunks(response, until, MOST_ANSWER_BYTES)), key)

        _again(once)

    def download(self, key: str, file: BinaryIO, most_bytes: int) -> str:
        """Write what is there to the file; its digest. Raises FileNotFoundError too."""

        def once(until: float) -> str:
            file.seek(0)
            file.truncate()
            digest = hashlib.sha256()
            with self._sent("GET", key, {}, until) as response:
                if response.status_code != 200:
                    body = b"".join(_chunks(response, until, MOST_ANSWER_BYTES))
                    self._judge(response, body, key)
                for chunk in _chunks(response, until, most_bytes):
                    digest.update(chunk)
                    file.write(chunk)
            return digest.hexdigest()

        return _again(once)

    @contextmanager
    def _sent(
        self,
        method: str,
        key: str,
        query: Mapping[str, str],
        until: float,
        headers: Mapping[str, str] | None = None,
        digest: str = EMPTY,
        body: Iterator[bytes] | None = None,
    ) -> Iterator[httpx.Response]:
        where = self.address
        path = f"/{where.bucket}/{key}" if key else f"/{where.bucket}"
        sent = signed(
            *(method, where.host, path, query, {}),
            keys=self.keys,
            region=where.region,
            now=datetime.now(UTC),
            digest=digest,
        )
        # Headers that proxies change are not signed. Nothing is unpacked: it counts byte for byte.
        sent |= {"accept-encoding": "identity"} | dict(headers or {})
        address = f"{where.endpoint}{encoded_path(path)}" + (f"?{encoded(query)}" if query else "")
        try:
            with (
                httpx.Client(
                    timeout=_TIMEOUT, follow_redirects=False, trust_env=False, verify=_verify()
                ) as client,
                client.stream(method, address, headers=sent, content=body) as response,
            ):
                yield response
        except httpx.HTTPError as problem:
            raise StorageFailed(_unreached(where.host, problem), may_pass=True) from problem

    def _judge(self, response: httpx.Response, body: bytes, key: str) -> None:
        status, code = response.status_code, listing.code_of(body)
        if 200 <= status < 300:
            return
        said = f"{status} {code}".strip()
        if 300 <= status < 400:
            raise StorageFailed(
                f"The storage at {self.address.host} redirects ({said}), which is not followed:"
                " correct the endpoint and the region of STIGMER_ARTIFACTS."
            )
        if status == 404 and key and not _is_of_bucket(body):
            raise FileNotFoundError(errno.ENOENT, "The storage holds no such file", key)
        may_pass = status >= 500 or status in _PASSING or code in _PASSING_CODES
        raise StorageFailed(
            f"The storage at {self.address.host} refuses it ({said}).", may_pass=may_pass
        )


def _again(once: Callable[[float], _T]) -> _T:
    """Try it, and again what passes."""
    until = time.monotonic() + SECONDS
    for number in range(TRIES):
        try:
            return once(until)
        except StorageFailed as problem:
            pause = PAUSE_SECONDS * 2**number
            if not problem.may_pass or number + 1 == TRIES or time.monotonic() + pause > until:
                raise
            time.sleep(pause)
    raise AssertionError("the last try raises or returns")


def _read(file: BinaryIO, until: float) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        _check_time(until)
        yield chunk


def _chunks(response: httpx.Response, until: float, most_bytes: int) -> Iterator[bytes]:
    size = 0
    for chunk in response.iter_raw(CHUNK):
        _check_time(until)
        size += len(chunk)
        if size > most_bytes:
            raise StorageFailed(f"The storage answers with more than {most_bytes:,} bytes.")
        yield chunk


def _check_time(until: float) -> None:
    if time.monotonic() > until:
        raise StorageFailed(f"The storage takes longer than {SECONDS:g} s.", may_pass=True)


def _is_of_bucket(body: bytes) -> bool:
    return listing.code_of(body) == "NoSuchBucket"


def _answer(response: httpx.Response, body: bytes) -> Answer:
    size = response.headers.get("content-length", "")
    return Answer(
        response.status_code,
        body,
        int(size) if size.isdigit() else -1,
        _date(response, "date") or datetime.now(UTC),
        _date(response, "last-modified"),
    )


def _date(response: httpx.Response, name: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(response.headers[name])
    except (KeyError, ValueError):
        return None
    return date.replace(tzinfo=date.tzinfo or UTC)


def _unreached(host: str, problem: httpx.HTTPError) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(problem):
        return (
            f"The certificate of the storage at {host} is not trusted: name the authority that"
            " signed it by SSL_CERT_FILE."
        )
    return f"The storage at {host} does not answer ({type(problem).__name__})."


def _verify() -> bool | ssl.SSLContext:
    """An authority of the operator's own is named as everywhere. Raises StorageFailed."""
    named = os.environ.get("SSL_CERT_FILE")
    try:
        return ssl.create_default_context(cafile=named) if named else True
    except OSError as problem:
        raise StorageFailed(
            f"The file of authorities that SSL_CERT_FILE names cannot be used: {problem}."
        ) from problem
