"""``STIGMER_REPOSITORIES``: repositories by name, and hosts of which any may be cloned."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.core.exceptions import ImproperlyConfigured

_ANY_OF_A_HOST = re.compile(r"([a-z0-9.-]+)/\*\Z", re.ASCII)


def parsed(entries: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """The addresses by name (``shop=https://…``), and the hosts (``github.com/*``).

    Raises ImproperlyConfigured, without the entry: it may hold a password.
    """
    named, hosts = dict[str, str](), list[str]()
    for number, entry in enumerate(entries, 1):
        name, is_named, address = (part.strip() for part in entry.partition("="))
        if match := _ANY_OF_A_HOST.match(name.lower()):
            hosts.append(match[1])
        elif name and is_named and address:
            named[name] = address
        else:
            raise ImproperlyConfigured(
                f"Entry {number} of STIGMER_REPOSITORIES is neither name=address, as in"
                " shop=https://git.example.org/shop.git, nor host/*, as in git.example.org/*."
            )
    return named, hosts
