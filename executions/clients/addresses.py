"""The address of a caller behind proxies: read from the right of ``X-Forwarded-For``.

Each proxy adds the address that it was called from at the right end, so with ``hops`` proxies of
ours the entry at that place from the right is what the outermost of them saw. Everything further
left was written by the caller.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable


def client_address(peer: str, lines: Iterable[str], hops: int) -> str:
    """The caller's address; ``peer`` is who connected, ``lines`` the headers X-Forwarded-For.

    It is ``peer`` where there is no proxy, where an entry is missing (somebody went round a proxy)
    and where the entry is no address.
    """
    entries = _entries(lines)
    if hops < 1 or len(entries) < hops:
        return peer
    return _address(entries[-hops]) or peer


def client_scheme(used: str, lines: Iterable[str], hops: int) -> str:
    """``http`` or ``https``: how the outermost proxy was called; ``used`` where nobody says it.

    A proxy replaces X-Forwarded-Proto or adds to it, so there may be fewer entries than proxies.
    """
    entries = _entries(lines)
    if hops < 1 or not entries:
        return used
    scheme = entries[-min(hops, len(entries))].lower()
    return scheme if scheme in ("http", "https") else used


def network_of(address: str) -> str:
    """The network that counts as one caller: an IPv4 address, or the /64 of one IPv6 customer."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((int(parsed), 64), strict=False))
    return str(parsed)


def _entries(lines: Iterable[str]) -> list[str]:
    return [entry.strip() for line in lines for entry in line.split(",")]


def _address(entry: str) -> str:
    """The address in an entry, which may carry a port or brackets; empty where there is none."""
    text = entry.strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""
