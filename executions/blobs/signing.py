"""AWS Signature Version 4: a request is signed with a key that never travels."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

_ALGORITHM = "AWS4-HMAC-SHA256"
EMPTY = hashlib.sha256().hexdigest()


@dataclass(frozen=True, slots=True)
class Keys:
    """Who signs. The secret parts are shown nowhere."""

    id: str
    secret: str = field(repr=False)
    session: str = field(default="", repr=False)


def signed(
    method: str,
    host: str,
    path: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    *,
    keys: Keys,
    region: str,
    now: datetime,
    digest: str = EMPTY,
) -> dict[str, str]:
    """The headers with those of the signature; ``digest`` is the SHA-256 of the body, so that the
    other side takes no other one.
    """
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    sent = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    sent |= {"host": host, "x-amz-content-sha256": digest, "x-amz-date": stamp}
    if keys.session:
        sent["x-amz-security-token"] = keys.session
    names = ";".join(sorted(sent))
    lines = "".join(f"{name}:{sent[name]}\n" for name in sorted(sent))
    request = "\n".join((method, encoded_path(path), encoded(query), lines, names, digest))
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    text = "\n".join((_ALGORITHM, stamp, scope, hashlib.sha256(request.encode()).hexdigest()))
    key = f"AWS4{keys.secret}".encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    signature = _hmac(key, text).hex()
    authorization = f"{_ALGORITHM} Credential={keys.id}/{scope},SignedHeaders={names}"
    return sent | {"authorization": f"{authorization},Signature={signature}"}


def encoded(query: Mapping[str, str]) -> str:
    """A query as it is signed and sent."""
    return "&".join(f"{quote(key, '')}={quote(query[key], '')}" for key in sorted(query))


def encoded_path(path: str) -> str:
    """A path as it is signed and sent."""
    return quote(path, "/")


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
