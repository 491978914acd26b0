"""The identity of a process, as the system knows it."""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

EXIT_PATIENCE_SECONDS = 0.1
KEPT_EXITS = 50
# The namespace in which a host boots has the same number on every Linux (PROC_PID_INIT_INO).
FIRST_NAMESPACE = "pid:[4026531836]"


@dataclass(frozen=True, slots=True)
class System:
    """The system in which pids mean the same: one host by its name, one boot of it, one pid
    namespace (a container has its own).
    """

    host: str
    boot_id: str
    pid_namespace: str


def host() -> str:
    """The name of this process's host."""
    return socket.gethostname()


def here() -> System:
    """The system of this process."""
    return System(host(), boot_id(), _pid_namespace())


def _pid_namespace() -> str:
    """For example ``pid:[4026531836]`` (pid_namespaces(7)); empty where the system does not
    tell.
    """
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def sees_processes() -> bool:
    """Whether /proc shows the processes of this pid namespace.

    That of another one may be mounted there.
    """
    try:
        return os.readlink("/proc/self") == str(os.getpid())
    except OSError:
        return False


def own_start() -> str:
    """When this process started, as others see it; empty where they cannot."""
    return (started(os.getpid()) or "") if sees_processes() else ""


def started(pid: int) -> str | None:
    """When the process with this pid started, in the kernel's ticks; None where there is no such
    process.

    Together with the pid it tells a process from a later one with the same number. Linux only
    (proc(5), field 22), and only where ``sees_processes``.
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


def expect_exits(home: Path) -> None:
    """Say that a supervisor will leave word of how its children end."""
    (home / "exits").mkdir(mode=0o700, exist_ok=True)


def note_exit(home: Path, pid: int, how: str) -> None:
    """Leave word of how a child ended, for whoever declares it dead: only its parent gets to
    know.
    """
    folder = home / "exits"
    with suppress(OSError):
        for old in sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)[:-KEPT_EXITS]:
            old.unlink()
        (folder / str(pid)).write_text(how)


def exit_of(home: Path, pid: int) -> str:
    """How the process ended, once; empty where no supervisor tells.

    Waits a moment, as both learn of it at once.
    """
    folder = home / "exits"
    give_up_at = time.monotonic() + EXIT_PATIENCE_SECONDS
    while folder.is_dir():
        with suppress(OSError):
            how = (folder / str(pid)).read_text()
            (folder / str(pid)).unlink()
            return how[:200]
        if time.monotonic() > give_up_at:
            break
        time.sleep(0.005)
    return ""
