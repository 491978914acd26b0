"""Takes away from a process what it could do beyond computing. There is no way back."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from typing import Any

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_LAST_DESCRIPTOR = 2
# Loaded before the first child is sealed: afterwards nothing can be opened.
_libc = ctypes.CDLL(None, use_errno=True)


def forget_environment() -> None:
    """Empty the environment, what the interpreter put there itself (LC_CTYPE) included."""
    os.environ.clear()


def seal(options: dict[str, Any], parent_pid: int) -> None:
    """Leave a forked child its three descriptors, some memory and some processor time.

    It ends with its parent. ``dumpable`` is off so that a neighbour of the same user cannot read
    its memory; ``no_new_privs`` so that it gains nothing by any program that it could start.
    """
    prctl = getattr(_libc, "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    if os.getppid() != parent_pid:
        os._exit(1)
    os.closerange(_LAST_DESCRIPTOR + 1, 1_024)
    limits = {
        "RLIMIT_CORE": 0,
        "RLIMIT_FSIZE": 0,
        "RLIMIT_NPROC": 0,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_AS": options["memory_bytes"],
        "RLIMIT_CPU": options["cpu_seconds"],
        "RLIMIT_NOFILE": _LAST_DESCRIPTOR + 1,
    }
    for name, value in limits.items():
        number = getattr(resource, name, None)
        if number is not None:
            resource.setrlimit(number, (value, value))
