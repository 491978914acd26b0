"""Which addresses a workflow may call: global ones, and those that the operator lists; or listed
ones only.

Vetting works on the addresses that a name resolved to and happens where the connection is made, so
a name that resolves to something else a moment later gains nothing. ``is_global`` follows the IANA
registries; it is not enough by itself: multicast counts as global, tunnels hide an IPv4 address
inside IPv6, and the registry of the running Python may be older than the latest special-purpose
range.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from executions.hosts import Address, Hosts

INSIDE = "STIGMER_HTTP_ALLOWED_HOSTS"
ONLY = "STIGMER_HTTP_ONLY_HOSTS"
_AT_ANY_HOST = re.compile(r"\*:([1-9][0-9]{0,4})\Z", re.ASCII)

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
_UNICAST = ipaddress.ip_network("2000::/3")
_ISATAP = (0x00005EFE, 0x02005EFE)


def is_public(address: Address) -> bool:
    """Whether the address, and every IPv4 address hidden inside it, is reachable by the whole
    internet.
    """
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
    """The hosts that calls may reach; equal policies may share connections.

    ``inside`` is what the operator allows beside the public internet. If ``only`` or ``ports`` list
    anything, nothing else may be called but that (``ports`` at any host) and what ``inside`` names.
    """

    inside: Hosts = field(default_factory=Hosts)
    only: Hosts = field(default_factory=Hosts)
    ports: frozenset[int] = frozenset()
    # The hosts that the agent, for which it is called, may reach: each of these has to allow it.
    confined_to: tuple[Hosts, ...] = ()

    @classmethod
    def from_settings(
        cls,
        inside: Iterable[str] = (),
        only: Iterable[str] = (),
        confined_to: Iterable[Iterable[str]] = (),
    ) -> Egress:
        """From lists of entries (:class:`executions.hosts.Hosts`, and ``*:443`` in ``only``);
        ValueError names a bad one and its setting.
        """
        entries = [entry.strip() for entry in only]
        anywhere = {entry: match[1] for entry in entries if (match := _AT_ANY_HOST.match(entry))}
        lists = tuple(_hosts("hosts of an agent", each, domains=True) for each in confined_to)
        only_hosts = _hosts(ONLY, (each for each in entries if each not in anywhere), domains=True)
        return cls(
            _hosts(INSIDE, inside), only_hosts, frozenset(map(int, anywhere.values())), lists
        )

    def is_listed(self, host: str, port: int) -> bool:
        """Whether the list of the only hosts, if there is one, lets this through: a name has to be
        listed as a name, an address as one or by its network. Nothing else is even looked up.
        """
        if port in self.ports or not (self.only or self.ports):
            return True
        return self.only.covers(host, port) or self.inside.covers(host, port)

    def is_confined(self, host: str, port: int) -> bool:
        """Whether an agent's list of hosts leaves this out."""
        return not all(hosts.covers(host, port) for hosts in self.confined_to)

    def reaches(self, host: str, port: int, address: Address) -> bool:
        """Whether ``address``, which ``host`` resolved to, is public or one that the operator
        allows.
        """
        return (
            is_public(address)
            or self.inside.covers_name(host, port)
            or self.inside.covers_address(address, port)
        )


def _hosts(setting: str, entries: Iterable[str], *, domains: bool = False) -> Hosts:
    try:
        return Hosts.from_entries(entries, domains=domains)
    except ValueError as error:
        raise ValueError(f"the setting {setting} is not valid: {error}") from None
