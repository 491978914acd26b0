"""Which server, as whom: flags win over the environment, the environment over what ``stigmer
login`` kept.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from executions.cli.exits import CommandError, ExitCode
from executions.cli.remote import kept
from stigmer_site.listening import PORT, browsed, place

_NOT_IN_A_TOKEN = re.compile(r"[^\x21-\x7e]")
_LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class Address:
    """The server to which requests go, and the token that they carry.

    ``token`` is empty where there is none. Raises CommandError for what can be no token.
    """

    server: str
    token: str = ""

    def __post_init__(self) -> None:
        if _NOT_IN_A_TOKEN.search(self.token) or len(self.token) > _LONGEST:
            raise CommandError(
                "The text given as the token is none: a token has letters, digits and underscores"
                " only.",
                remedy="Copy it anew (--token, STIGMER_TOKEN), or run `stigmer login`.",
                code=ExitCode.USAGE,
            )


def resolve(server: str | None = None, token: str | None = None) -> Address:
    """The address for these flags. A token that was kept for one server is never sent to
    another.
    """
    remembered = kept.load()
    server = (
        server or os.environ.get("STIGMER_SERVER") or (remembered.server if remembered else local())
    )
    server = checked(server)
    token = (token or os.environ.get("STIGMER_TOKEN") or "").strip()
    if not token and remembered is not None and remembered.server == server:
        token = remembered.token
    return Address(server, token)


def local() -> str:
    """The address at which ``stigmer up`` of this machine listens.

    Raises CommandError where ``STIGMER_PORT`` names no place, as the server itself does.
    """
    try:
        address, port = place(os.environ.get("STIGMER_PORT", "").strip() or PORT)
    except ValueError as error:
        raise CommandError(str(error), code=ExitCode.USAGE) from error
    return f"http://{browsed(address)}:{port}"


def checked(server: str) -> str:
    """The address in its one form, without a slash at its end.

    Raises CommandError for what is no web address.
    """
    text = server.strip()
    if "://" not in text:
        text = f"http://{text}" if is_of_this_machine(f"http://{text}") else f"https://{text}"
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.query or parts.fragment or "@" in parts.netloc:
        raise CommandError(
            f"{server!r} is not the address of a server.",
            remedy="It reads like https://stigmer.example.org or http://localhost:8000.",
            code=ExitCode.USAGE,
        )
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def is_of_this_machine(server: str) -> bool:
    """Whether the address stays on this machine: no proxy is asked for it, and nothing is
    overheard.
    """
    host = urlsplit(server).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
