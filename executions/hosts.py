"""Lists of hosts as operators write them: names, names with a port, whole domains, addresses,
networks.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAME = re.compile(r"[a-z0-9_.-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Hosts:
    """The hosts that a list of entries covers; equal lists are equal.

    An entry is ``host``, ``host:port``, ``[ipv6]:port``, an address, a network (``10.0.0.0/8``) or,
    where that is wanted, ``*.example.org``: every name below that domain, and not the domain
    itself.
    """

    names: frozenset[tuple[str, int | None]] = frozenset()
    domains: frozenset[tuple[str, int | None]] = frozenset()
    networks: frozenset[Network] = frozenset()

    @classmethod
    def from_entries(cls, entries: Iterable[str], *, domains: bool = False) -> Hosts:
        """Raises ValueError, which names an entry that is not understood."""
        names, below, networks = set(), set(), set()
        for entry in entries:
            network = _network(entry)
            if network is not None:
                networks.add(network)
            elif domains and entry.strip().startswith("*."):
                below.add(_host_and_port(entry, entry.strip()[2:]))
            else:
                names.add(_host_and_port(entry, entry))
        return cls(frozenset(names), frozenset(below), frozenset(networks))

    def __bool__(self) -> bool:
        return bool(self.names or self.domains or self.networks)

    def covers_name(self, host: str, port: int) -> bool:
        """Whether the host is listed by its name (or by its address, where that is its name)."""
        name = host.lower().rstrip(".")
        if any((name, where) in self.names for where in (port, None)):
            return True
        return any(
            name.endswith("." + domain) and where in (port, None) for domain, where in self.domains
        )

    def covers_address(self, address: Address, port: int) -> bool:
        """Whether the address, or a network that holds it, is listed."""
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        plain = mapped or address
        spelled = {str(plain), str(address)}
        if any((name, where) in self.names for name in spelled for where in (port, None)):
            return True
        return any(plain in network for network in self.networks)

    def covers(self, host: str, port: int) -> bool:
        """Whether what a URL names as its host, a name or an address, is listed."""
        address = parse_address(host)
        return self.covers_name(host, port) or (
            address is not None and self.covers_address(address, port)
        )

    def covers_url(self, url: str) -> bool:
        """Whether the host of this address (https or http) is listed, with its port."""
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return self.covers(parts.hostname or "", port)


def addresses_of(entries: Iterable[tuple[Any, ...]]) -> list[Address]:
    """The addresses in an answer of ``getaddrinfo``, each once, in its order."""
    parsed = (parse_address(str(entry[4][0]).partition("%")[0]) for entry in entries)
    return list(dict.fromkeys(address for address in parsed if address is not None))


def parse_address(text: str) -> Address | None:
    """The address that the text spells in its canonical form, else None."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _network(entry: str) -> Network | None:
    try:
        return ipaddress.ip_network(entry.strip().strip("[]"), strict=False)
    except ValueError:
        return None


def _host_and_port(entry: str, text: str) -> tuple[str, int | None]:
    host, colon, port = text.strip().lower().rpartition(":")
    if not colon:
        host, port = port, ""
    host = host.strip("[]").rstrip(".")
    number_is_fine = not colon or (port.isascii() and port.isdigit() and 0 < int(port) < 65536)
    address = parse_address(host)
    if not number_is_fine or (address is None and not _NAME.fullmatch(host)):
        raise ValueError(
            f"{entry!r} is not understood; write host, host:port, [IPv6]:port, an address or a CIDR"
        )
    return (str(address) if address else host), (int(port) if colon else None)
