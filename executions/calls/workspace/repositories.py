"""Which repository is meant, and whether it may be fetched."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from executions.errors import StigmerError

_SECRET = "secret."


class NotAllowed(StigmerError):
    """No such repository may be fetched; the message says which may."""


@dataclass(frozen=True, slots=True)
class Repository:
    """``address`` is what git fetches, ``folder`` the name of its mirror. ``user`` logs in with the
    value of ``secret``, which is the name of one: neither is part of the address.
    """

    name: str
    address: str
    is_local: bool
    user: str = ""
    secret: str = ""
    # By the operator: it may be anywhere.
    is_named: bool = True

    @property
    def folder(self) -> str:
        # A mirror that was fetched with a log-in is not for those who come without one.
        whole = f"{self.address} {self.user} {self.secret}" if self.secret else self.address
        plain = re.sub(r"[^A-Za-z0-9]+", "-", self.name).strip("-")[:40]
        return f"{plain}-{hashlib.sha256(whole.encode()).hexdigest()[:16]}.git"


def find(reference: str, addresses: Mapping[str, str], hosts: Collection[str]) -> Repository:
    """The repository of this name, else the one at this address. Raises NotAllowed.

    The operator of the server may name any address, a folder of it too; an author only an address
    of a host that is listed, without a password in it.
    """
    if reference in addresses:
        return _named(reference, addresses[reference])
    split = urlsplit(reference)
    if split.scheme in ("https", "ssh") and split.hostname in hosts and not split.password:
        if split.scheme == "https" and split.username:
            raise NotAllowed("The address of a repository may hold no user.")
        return Repository(reference, reference, is_local=False, is_named=False)
    names = ", ".join(sorted(addresses)) or "none"
    raise NotAllowed(
        f"The repository {reference[:100]!r} may not be fetched. Named are: {names}; addresses"
        f" of https and ssh are fetched from these hosts: {', '.join(sorted(hosts)) or 'none'}"
        " (STIGMER_REPOSITORIES)."
    )


def _named(name: str, address: str) -> Repository:
    """``https://USER:secret.NAME@host/path`` logs in by the secret NAME. Raises NotAllowed."""
    split = urlsplit(address)
    if split.scheme != "https" or split.password is None:
        return Repository(name, address, is_local="://" not in address)
    if not split.password.startswith(_SECRET):
        raise NotAllowed(
            f"The address of the repository {name} holds a password: make it a secret, and name"
            " that in STIGMER_REPOSITORIES, as in https://USER:secret.NAME@host/path."
        )
    plain = split._replace(netloc=split.netloc.rpartition("@")[2]).geturl()
    return Repository(
        name, plain, False, split.username or "", split.password.removeprefix(_SECRET)
    )
