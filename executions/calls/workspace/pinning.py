"""Git connects to the address of a listed host that was looked at before, and to no other."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

from executions.calls.workspace.repositories import NotAllowed, Repository
from executions.errors import StigmerError
from executions.hosts import Address, addresses_of, parse_address

PROXIES = ("HTTPS_PROXY", "https_proxy")
_HTTPS_PORT = 443


class NoAddress(StigmerError):
    """The name of the host did not resolve; trying again may help."""


def pinned(repository: Repository) -> Sequence[str]:
    """The words that bind git to the addresses which the host has now; none where an address stands
    in place of a name, over ssh, where the host's key is known, and through a proxy, which looks
    names up by itself.

    A git before 2.37 does not know the setting and looks the name up again. Raises NotAllowed and
    NoAddress.
    """
    split = urlsplit(repository.address)
    is_by_proxy = any(os.environ.get(name) for name in PROXIES)
    if repository.is_named or split.scheme != "https" or not split.hostname or is_by_proxy:
        return []
    host = split.hostname
    try:
        port = split.port or _HTTPS_PORT
    except ValueError as problem:
        raise NotAllowed(f"The address {repository.name[:100]!r} is not one: {problem}.") from None
    if parse_address(host) is not None:
        return []
    addresses = resolved(host, port)
    for address in addresses:
        if not _may_serve(address):
            raise NotAllowed(
                f"{host} has the address {address} here, which is the worker's own machine or"
                " network device: from there only repositories are fetched that"
                " STIGMER_REPOSITORIES names."
            )
    address_list = ",".join(f"[{each}]" if each.version == 6 else str(each) for each in addresses)
    return ["-c", f"http.curloptResolve={host}:{port}:{address_list}"]


def resolved(host: str, port: int) -> list[Address]:
    """Raises NoAddress."""
    try:
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as problem:
        raise NoAddress(f"The name {host} did not resolve: {problem}") from None
    return addresses_of(infos)


def _may_serve(address: Address) -> bool:
    """A host of the operator's own network may: it is on the list."""
    inner = address.ipv4_mapped if address.version == 6 else None
    reached = inner or address
    special = reached.is_link_local or reached.is_multicast or reached.is_unspecified
    return not (special or reached.is_loopback)
