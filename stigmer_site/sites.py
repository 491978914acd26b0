"""The addresses under which people reach the server, and all that follows from them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ImproperlyConfigured

_HOST = re.compile(r"[a-z0-9.-]+|[0-9a-f:.]+", re.ASCII)
_USUAL = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Site:
    """``hosts`` are those under which requests may come; ``origins`` those of our own pages, the
    first of which is written into mail. If one address is https, no page is shown by http.
    """

    hosts: list[str]
    origins: list[str]
    is_https: bool


def from_urls(urls: Iterable[str], port: int) -> Site:
    """The site at these addresses; without any, at this machine's own with this port.

    Raises ImproperlyConfigured for what is no address of a server.
    """
    addresses = [text.strip() for text in urls if text.strip()]
    local = [f"http://{host}:{port}" for host in ("localhost", "127.0.0.1", "[::1]")]
    parts = [_taken_apart(text) for text in addresses or local]
    is_https = any(each.scheme == "https" for each in parts)
    scheme = "https" if is_https else "http"
    return Site(
        hosts=list(dict.fromkeys(_host(each) for each in parts)),
        origins=list(dict.fromkeys(_origin(each) for each in parts if each.scheme == scheme)),
        is_https=is_https,
    )


def _taken_apart(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        is_whole = parts.scheme in _USUAL and _HOST.fullmatch(parts.hostname or "")
        is_bare = parts.path in ("", "/") and not (parts.query or parts.fragment)
        if is_whole and is_bare and "@" not in parts.netloc and parts.port != 0:
            return parts
    except ValueError:
        pass
    raise ImproperlyConfigured(
        f"STIGMER_URL: {text.rpartition('@')[2]!r} is no address of a server. It reads like"
        " https://stigmer.example.org or http://localhost:8000; further ones follow after commas."
    )


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    return f"[{host}]" if ":" in host else host


def _origin(parts: SplitResult) -> str:
    """As browsers send it: without the usual port."""
    is_usual = parts.port in (None, _USUAL[parts.scheme])
    return f"{parts.scheme}://{_host(parts)}{'' if is_usual else f':{parts.port}'}"
