"""Processes of commands whose keeper was killed with no walls around them: found by a mark in their
environment, which says whose they are.
"""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path

from executions.worker_identity import started

MARK = "STIGMER_COMMAND"


def new_mark() -> str:
    """Names this process, and the one command."""
    return f"{os.getpid()}:{started(os.getpid()) or ''}:{secrets.token_hex(8)}"


def end(mark: str) -> None:
    """Kill everything that has this mark, until nothing has."""
    while pids := [pid for pid, each in _marked() if each == mark]:
        _kill(pids)


def end_of_the_dead() -> int:
    """Kill what workers have left that are no more; how many."""
    count = 0
    while pids := [pid for pid, mark in _marked() if _is_orphan(mark)]:
        count += len(pids)
        _kill(pids)
    return count


def _is_orphan(mark: str) -> bool:
    pid, _, rest = mark.partition(":")
    start = rest.partition(":")[0]
    return pid.isdigit() and bool(start) and started(int(pid)) != start


def _kill(pids: list[int]) -> None:
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in pids:
            try:
                os.kill(pid, number)
            except (ProcessLookupError, PermissionError):
                continue


def _marked() -> Iterator[tuple[int, str]]:
    beginning = f"{MARK}=".encode()
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            variables = path.read_bytes().split(b"\0")
        except OSError:
            continue
        pid = int(path.parent.name)
        for variable in variables:
            # One that has ended has no environment, so what is found lives.
            if variable.startswith(beginning):
                yield pid, variable[len(beginning) :].decode("ascii", "replace")
