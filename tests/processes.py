"""Which processes live, and the end of many: each of them may have ended a moment before."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

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


def named(word: str) -> list[int]:
    """The processes that have this word in their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if any(word.encode() in each.split() for each in words):
            found.append(int(path.parent.name))
    return found


def below(pid: int, word: str = "") -> list[psutil.Process]:
    """The processes that this one started, at any depth, that have this word in their command
    line.
    """
    found = []
    for child in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if not word or word in child.cmdline():
                found.append(child)
    return found


def kill(processes: Iterable[psutil.Process]) -> None:
    """Kill each of them. With the first of them others end by themselves: what a worker started is
    bound to its life.
    """
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
