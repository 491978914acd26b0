"""The address of a channel may name secrets: ``https://hooks.example.com/{{secret:chat}}``.

The values stand in it for a delivery alone, in no row.
"""

from __future__ import annotations

import copy
import re

from executions import secret_access
from executions.driving.keys import key_of
from executions.errors import Refused
from executions.models import Channel
from executions.models.resource import Visibility
from executions.secret_files import SecretsUnreadable
from executions.secrets import FOR_ADMINISTRATORS, addresses, places

HOW = "A secret stands behind the host, as in https://host/path/{{secret:NAME}}."
_AUTHORITY = re.compile(r"[^:/?#]*://[^/?#]*")
# Spells an address that can be checked before anybody knows the values.
_STAND_IN = "0"


def spelled(address: str) -> str:
    """The address with something harmless in place of the secrets that it names."""
    return places.filled(address, lambda name: _STAND_IN) if "://" in address else address


def problem(channel: Channel) -> str:
    """Why its address may not name what it names; empty where it may. It shows no value."""
    if "{{" not in channel.address:
        return ""
    host = _AUTHORITY.match(channel.address)
    if host is None or "{{" in host[0] or "{{" in places.PLACE.sub("", channel.address):
        return HOW
    try:
        said = (_why_not(channel, name) for name in channel.address_secrets)
        return next(filter(None, said), "")
    except SecretsUnreadable as unreadable:
        return f"The rules of secrets cannot be read: {unreadable}"


def _why_not(channel: Channel, name: str) -> str:
    """An owner has to be allowed the secret, which may only go where its own rule lets it go."""
    rule = secret_access.rules().get(name, FOR_ADMINISTRATORS)
    if channel.owner is not None:
        who = secret_access.applicant(channel.owner, "", Visibility.PRIVATE)
        if not rule.allows(who):
            return (
                f"{who.name} may not use the secret {name}: an administrator can allow it beside"
                " the secret (owners, groups)."
            )
    host, _, port = addresses.target(channel.address).rpartition(":")
    if rule.allows_host(host, int(port or 0)):
        return ""
    return f"The secret {name} may not be sent to {host}: its rule lists the hosts that it may."


def reached(channel: Channel) -> Channel:
    """The channel with the values in its address, to be sent to and never saved. Raises Refused."""
    if why := problem(channel):
        raise Refused("conflict", why)
    filled = copy.copy(channel)
    try:
        filled.address = places.filled(
            channel.address, lambda name: key_of(f"address of {channel.name}", name)
        )
    except SecretsUnreadable as unreadable:
        said = f"A secret of the address cannot be read: {unreadable}"
        raise Refused("unavailable", said) from unreadable
    return filled
