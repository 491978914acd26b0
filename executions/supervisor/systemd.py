"""News of this process for systemd, where it asks for it (sd_notify(3), sd_watchdog_enabled(3))."""

from __future__ import annotations

import os
import socket
from contextlib import suppress

MICROSECONDS = 1_000_000
_VARIABLES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
_asked: dict[str, str] = {}


def take_over() -> None:
    """Keep what systemd asks of this process to itself: what it starts is not asked."""
    for name in _VARIABLES:
        if name in os.environ:
            _asked[name] = os.environ.pop(name)


def watchdog_seconds() -> float | None:
    """Within which time systemd wants to hear of this process again (``WatchdogSec``); None where
    it does not.
    """
    is_ours = _asked.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    microseconds = _asked.get("WATCHDOG_USEC", "")
    if not is_ours or not microseconds.isdigit() or "NOTIFY_SOCKET" not in _asked:
        return None
    return int(microseconds) / MICROSECONDS


def ready() -> None:
    """It has begun to work (``Type=notify``)."""
    notify("READY=1")


def notify(state: str) -> None:
    """Send one assignment, for example ``WATCHDOG=1``. If nobody listens it is lost."""
    address = _asked.get("NOTIFY_SOCKET", "")
    if not address:
        return
    # A name that begins with @ lies in the abstract namespace (unix(7)).
    path = "\0" + address[1:] if address.startswith("@") else address
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(state.encode(), path)
