"""Facts that the system tells of another process, on Linux and macOS alike.

A fact that it does not tell is 0 or empty.
"""

from __future__ import annotations

import contextlib

import psutil


def processor_seconds(pid: int) -> float:
    """Processor time that a process has used since its start, by all its threads."""
    with contextlib.suppress(psutil.Error):
        times = psutil.Process(pid).cpu_times()
        return float(times.user + times.system)
    return 0.0


def state(pid: int) -> str:
    """In a word what a process does: ``running``, ``sleeping``, ``stopped``, ``zombie`` and so
    on.
    """
    with contextlib.suppress(psutil.Error):
        return str(psutil.Process(pid).status())
    return ""


def is_stopped(pid: int) -> bool:
    """Whether a signal or a debugger holds it, so that nothing goes on by itself."""
    return state(pid) in (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP)


def resident_bytes(pid: int) -> int:
    """How much of its memory is in RAM."""
    with contextlib.suppress(psutil.Error):
        return int(psutil.Process(pid).memory_info().rss)
    return 0


def descendants(pid: int) -> list[int]:
    """The processes below it, those that left its process group included."""
    with contextlib.suppress(psutil.Error):
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    return []
