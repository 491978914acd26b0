"""The addresses at which the servers of one host listen, as ``STIGMER_PORT`` and ``STIGMER_DEMO``
say it.

Read by processes that have no settings too: the command towards a server, and the demo service.
"""

from __future__ import annotations

from collections.abc import Mapping

YES, NO = ("on", "true", "yes", "1"), ("off", "false", "no", "0")
HERE, PORT = "127.0.0.1", "8000"
# The addresses at which a browser of this machine finds a server under the name `localhost`.
_LOCAL = frozenset({HERE, "::1", "0.0.0.0", "::"})


def place(text: str) -> tuple[str, int]:
    """The address and the port of ``8000``, ``0.0.0.0:8000`` or ``[::1]:8000``; ValueError."""
    address, colon, port = text.strip().rpartition(":")
    address = address.removeprefix("[").removesuffix("]")
    if colon and not address:
        raise ValueError(f"STIGMER_PORT is {text!r}: an address is missing before the colon.")
    return address or HERE, _port("STIGMER_PORT", port, "a port, or an address and a port")


def demo(text: str, port: int) -> tuple[bool, int]:
    """Whether the demo service runs, and its port: its own, or the one after ``port``;
    ValueError.
    """
    said = text.strip().lower()
    if said in ("", *YES, *NO):
        return said not in NO, port + 1
    return True, _port("STIGMER_DEMO", said, "true, false or a port")


def demo_port(environment: Mapping[str, str]) -> int:
    """The port of the demo service, where there are no settings; ValueError."""
    _, port = place(environment.get("STIGMER_PORT") or PORT)
    return demo(environment.get("STIGMER_DEMO", ""), port)[1]


def browsed(address: str) -> str:
    """The host under which a browser of this machine finds a server that listens there."""
    if address in _LOCAL:
        return "localhost"
    return f"[{address}]" if ":" in address else address


def _port(setting: str, text: str, wanted: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    raise ValueError(f"{setting} is {text!r}; it has to be {wanted}, such as 8000.")
