"""The address of a storage that speaks S3."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from executions.blobs.kept import StorageFailed

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_REGION = re.compile(r"[a-z0-9-]{1,40}")
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")
_KNOWN = frozenset({"endpoint", "region"})
USUAL_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Address:
    """``endpoint`` is the server (scheme, host, port); ``prefix`` is empty or begins the names of
    all that is kept.
    """

    endpoint: str
    bucket: str
    prefix: str
    region: str

    @property
    def host(self) -> str:
        return self.endpoint.partition("://")[2]

    def key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name


def parse(text: str, usual_region: str) -> Address:
    """Raises StorageFailed, without what might be a key in it."""
    try:
        parts = urlsplit(text)
        options = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        unknown = sorted(options.keys() - _KNOWN)
    except ValueError:
        raise wrong("it is not an address") from None
    if parts.scheme != "s3":
        raise wrong("it is the address of something else")
    if "@" in parts.netloc:
        raise wrong("it holds keys, which belong in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    if unknown or parts.fragment or any(len(each) > 1 for each in options.values()):
        raise wrong("behind the ? it may say `endpoint` and `region`, once each, and nothing else")
    bucket, prefix = parts.netloc, parts.path.strip("/")
    region = options.get("region", [usual_region or USUAL_REGION])[0]
    if not _BUCKET.fullmatch(bucket):
        raise wrong("the name of its bucket has small letters, digits, dots and hyphens")
    if prefix and not _PREFIX.fullmatch(prefix):
        raise wrong("its prefix has letters, digits, `.`, `_`, `-` and `/`")
    if not _REGION.fullmatch(region):
        raise wrong("its region has small letters, digits and hyphens")
    endpoint = options.get("endpoint", [f"https://s3.{region}.amazonaws.com"])[0]
    return Address(_checked(endpoint), bucket, prefix, region)


def _checked(endpoint: str) -> str:
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if (
        not host
        or not _HOST.fullmatch(host)
        or parts.scheme not in ("http", "https")
        or "@" in parts.netloc
        or parts.path.strip("/")
        or parts.query
    ):
        raise wrong("its endpoint is like https://storage.example.org:9000, without a path")
    # As httpx sends it in the Host header: without the port that the scheme has anyway.
    named = f"[{host}]" if ":" in host else host
    is_usual = port in (None, {"http": 80, "https": 443}[parts.scheme])
    return f"{parts.scheme}://{named}" + ("" if is_usual else f":{port}")


def wrong(what: str) -> StorageFailed:
    """The error for an address that cannot be used."""
    return StorageFailed(
        f"STIGMER_ARTIFACTS cannot be used: {what}. It is a folder, or"
        " s3://bucket/prefix?endpoint=https://host:port&region=name (docs/workspaces.md)."
    )
