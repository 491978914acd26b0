"""What tells one process from another, as the system knows it."""

from __future__ import annotations

from pathlib import Path


def started(pid: int) -> str | None:
    """When the process with this pid started, in the kernel's ticks; None where there is no such process.

    Together with the pid it tells a process from a later one with the same number. Linux only (proc(5), field 22).
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else fields[19]


def boot_id() -> str:
    """Changes with every boot of the host; empty where the system does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
