"""Which addresses a workflow may call: global ones, and those that the operator lists.

Vetting works on the addresses that a name resolved to and happens where the connection is made, so a name that
resolves to something else a moment later gains nothing. ``is_global`` follows the IANA registries; it is not
enough by itself: multicast counts as global, tunnels hide an IPv4 address inside IPv6, and the registry of the
running Python may be older than the latest special-purpose range.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        "192.0.0.0/24",  # IETF protocol assignments; one cloud serves its metadata here
        "192.88.99.0/24",  # 6to4 relays, deprecated
        "168.63.129.16/32",  # the host service of one cloud, on a public address
        "3fff::/20",  # documentation (RFC 9637)
        "fec0::/10",  # site-local, deprecated
    )
)
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
_COMPATIBLE = ipaddress.ip_network("::/96")
_NAME = re.compile(r"[a-z0-9_.-]+", re.ASCII)
_UNICAST = ipaddress.ip_network("2000::/3")
_ISATAP = (0x00005EFE, 0x02005EFE)


def is_public(address: Address) -> bool:
    """Whether the address, and every IPv4 address hidden inside it, is reachable by the whole internet."""
    hidden = list(_hidden(address))
    if hidden:
        carrier_is_fine = address not in ipaddress.ip_network("64:ff9b:1::/48")
        return carrier_is_fine and all(is_public(inner) for inner in hidden)
    if isinstance(address, ipaddress.IPv6Address) and address not in _UNICAST:
        return False
    special = address.is_multicast or address.is_unspecified or address.is_reserved
    return address.is_global and not special and not any(address in network for network in _NEVER)


def _hidden(address: Address) -> Iterator[ipaddress.IPv4Address]:
    if isinstance(address, ipaddress.IPv4Address):
        return
    if address.ipv4_mapped:
        yield address.ipv4_mapped
    if address.sixtofour:
        yield address.sixtofour
    if address.teredo:
        yield from address.teredo
    low = int(address) & 0xFFFFFFFF
    if address in _COMPATIBLE or any(address in network for network in _NAT64):
        yield ipaddress.IPv4Address(low)
    if int(address) >> 32 & 0xFFFFFFFF in _ISATAP:
        yield ipaddress.IPv4Address(low)


@dataclass(frozen=True, slots=True)
class Egress:
    """What the operator allows beside the public internet; equal policies may share connections."""

    hosts: frozenset[tuple[str, int | None]] = frozenset()
    networks: frozenset[Network] = frozenset()
    ports: frozenset[int] = frozenset()

    @classmethod
    def from_settings(cls, entries: Iterable[str] = (), ports: Iterable[int] = ()) -> Egress:
        """From entries ``host``, ``host:port``, ``[ipv6]:port``, an address or a CIDR; ValueError names a bad one."""
        hosts, networks = set(), set()
        for entry in entries:
            network = _network(entry)
            if network is not None:
                networks.add(network)
            else:
                hosts.add(_host_and_port(entry))
        return cls(frozenset(hosts), frozenset(networks), frozenset(ports))

    def allows_port(self, port: int) -> bool:
        return not self.ports or port in self.ports

    def allows(self, host: str, port: int, address: Address) -> bool:
        """Whether a connection to ``address``, which ``host`` resolved to, may be made."""
        if is_public(address):
            return True
        plain = _unmapped(address)
        names = {host.lower().rstrip("."), str(plain), str(address)}
        if any((name, where) in self.hosts for name in names for where in (port, None)):
            return True
        return any(plain in network for network in self.networks)


def parse_address(text: str) -> Address | None:
    """The address that the text spells in its canonical form, else None."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _unmapped(address: Address) -> Address:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _network(entry: str) -> Network | None:
    try:
        return ipaddress.ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        return None


def _host_and_port(entry: str) -> tuple[str, int | None]:
    host, colon, port = entry.strip().lower().rpartition(":")
    if not colon:
        host, port = port, ""
    host = host.strip("[]").rstrip(".")
    number_is_fine = not colon or (port.isascii() and port.isdigit() and 0 < int(port) < 65536)
    address = parse_address(host)
    if not number_is_fine or (address is None and not _NAME.fullmatch(host)):
        raise ValueError(f"{entry!r} is not understood; write host, host:port, [IPv6]:port, an address or a CIDR")
    return (str(address) if address else host), (int(port) if colon else None)
