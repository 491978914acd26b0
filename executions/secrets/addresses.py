"""Addresses whose path is a key, as those of chats are: only their host is shown and logged."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlsplit

from executions.secrets.hiding import Hider

HIDDEN = "…"
# A shorter part of a path, like `v1`, gives nothing away and would be found where nobody meant it.
_SHORTEST_PART = 6
_PORTS = {"http": 80, "https": 443}


def shown(address: str) -> str:
    """An address of HTTP up to its host; of mail all of it; of any other kind nothing."""
    if "://" not in address:
        return address if "@" in address or not address else HIDDEN
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return HIDDEN
    if not parts.hostname:
        return HIDDEN
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    has_more = parts.path.strip("/") or parts.query or parts.fragment
    return f"{parts.scheme}://{host}{port}" + (f"/{HIDDEN}" if has_more else "")


def target(address: str) -> str:
    """The server that an address of HTTP leads to: its host and port; empty for any other."""
    try:
        parts = urlsplit(address)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        return ""
    return f"{parts.hostname}:{port}" if parts.hostname else ""


def without(text: str, address: str) -> str:
    """The text without what is not shown of the address, also where it is repeated encoded or in
    part.
    """
    hidden = _hidden(address)
    for piece in sorted(hidden, key=len, reverse=True):
        text = re.sub(re.escape(piece) + r"(?![\w-])", HIDDEN, text)
    hider = Hider({str(number): piece for number, piece in enumerate(sorted(hidden))})
    text = hider.replaced(text, lambda name, piece: HIDDEN)
    # A text that was cut may end in the beginning of it.
    held = hider.held_back(text)
    return text[:-held] + HIDDEN if held >= _SHORTEST_PART else text


def _hidden(address: str) -> set[str]:
    if "://" not in address:
        return set()
    path = re.sub(r"^[^:]*://[^/?#]*/?", "", address)
    try:
        parts = urlsplit(address)
    except ValueError:
        return {path} if path else set()
    values = [value for _, value in parse_qsl(parts.query)]
    whole = {path, parts.path.strip("/"), parts.query, parts.fragment}
    pieces = {part for part in [*parts.path.split("/"), *values] if len(part) >= _SHORTEST_PART}
    hidden = {piece for piece in whole | pieces if piece}
    return hidden | {unquote(piece) for piece in hidden}
