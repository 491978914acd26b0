"""Which processes have ended, for whoever waits for that."""

from __future__ import annotations

import psutil


def lives(process: psutil.Process | int) -> bool:
    """Whether a process, or the one with this pid, still runs.

    One that has ended and was not reaped does not: its parent may reap it late, and the first
    process of a container may reap nothing at all.
    """
    try:
        found = psutil.Process(process) if isinstance(process, int) else process
        return found.is_running() and found.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
