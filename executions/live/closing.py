"""Why the server closes live sockets and ends streams; all of them where it stops in order."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum


class Close(IntEnum):
    """The codes of RFC 6455 section 7.4 and our own; docs/api.md lists them."""

    ENDED = 1000
    BROKE_OFF = 1011
    RESTARTING = 1012
    TOO_MANY = 1013
    NOT_UNDERSTOOD = 4400
    SIGNED_OUT = 4401
    NOT_ALLOWED = 4403
    NOTHING_HERE = 4404


_farewells: list[Callable[[Close], None]] = []


def at_the_end(close_all: Callable[[Close], None]) -> None:
    """``close_all`` is called in the loop of the server once nobody new can come in."""
    _farewells.append(close_all)


def say_farewell() -> None:
    """All that is open in this loop is closed with a code that asks to come back in a moment."""
    for close_all in _farewells:
        close_all(Close.RESTARTING)
