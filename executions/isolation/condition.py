"""The condition of a child process, so that one which a call left otherwise is not used again.

A warm child cannot be cleaned: a thread goes on, a patched function stays patched. So nothing is
repaired; the parent replaces a child that differs. Only children import this module.
"""

from __future__ import annotations

import builtins
import ctypes
import decimal
import gc
import locale
import logging
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import types
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

_SETTLE_SECONDS = 0.1
_PRIVILEGES = ("Uid", "Gid", "Groups", "CapEff", "NoNewPrivs", "Seccomp")
_SIGNALS = ("SigIgn", "SigCgt", "SigBlk")
# The C library takes 32 and 33 for its own threads, with the first one that is started.
_AUTHORS_SIGNALS = ~(0b11 << 31)
_SIGNAL_NUMBERS = sorted(int(number) for number in signal.valid_signals())
# The C function beneath: the one of `signal` makes an enum of each number, at ten times the cost.
_handler_of: Callable[[int], Any] = getattr(signal.getsignal, "__wrapped__", signal.getsignal)
_LIBC = ctypes.CDLL(None)
_LIMITS = sorted(value for name, value in vars(resource).items() if name.startswith("RLIMIT_"))
# A winter's and a summer's day: what a changed time zone shows itself by.
_MOMENTS = (1_736_900_000, 1_752_600_000)
# Modules whose functions the functions of others call; they are compared one by one.
_SHARED_MODULES: tuple[types.ModuleType, ...] = (
    builtins,
    decimal,
    gc,
    locale,
    logging,
    os,
    os.path,
    signal,
    socket,
    subprocess,
    sys,
    tempfile,
    threading,
    time,
    warnings,
)
_ALSO_SHARED = (
    "datetime",
    "http.client",
    "json",
    "math",
    "random",
    "re",
    "ssl",
    "urllib.request",
    "uuid",
)
_UNPATCHED = frozenset({"_"})
Condition = dict[str, Any]


def seen() -> Condition:
    """The condition of this process now: its aspects by the name that a person reads."""
    status = _status()
    condition: Condition = {
        "umask": status["Umask"],
        "privileges": [status.get(name) for name in _PRIVILEGES],
        "signal handlers": [
            [int(status[name], 16) & _AUTHORS_SIGNALS for name in _SIGNALS],
            *_python_signals(),
        ],
    }
    for name, read in _ASPECTS.items():
        try:
            condition[name] = read()
        except OSError as problem:
            condition[name] = type(problem).__name__
    return condition


def differences(before: Condition) -> list[str]:
    """The aspects in which this process is no longer what it was, by name; none where it is as it
    was.

    A thread that was joined and a file that nothing refers to any more get a moment to be gone.
    """
    names = _differing(before)
    if names:
        gc.collect()
    until = time.monotonic() + _SETTLE_SECONDS
    while (
        names
        and time.monotonic() < until
        and set(names) <= {"threads", "open files", "child processes"}
    ):
        time.sleep(0.002)
        names = _differing(before)
    return names


def _differing(before: Condition) -> list[str]:
    now = seen()
    return [name for name, value in before.items() if now[name] != value]


def _status() -> Mapping[str, str]:
    lines = Path("/proc/self/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _python_signals() -> list[Any]:
    timers = [
        signal.getitimer(which)
        for which in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
    ]
    return [[_handler_of(number) for number in _SIGNAL_NUMBERS], timers]


def _threads() -> Any:
    return frozenset(os.listdir("/proc/self/task"))


def _child_processes() -> Any:
    return sorted(path.read_text() for path in Path("/proc/self/task").glob("*/children"))


def _open_files() -> Any:
    targets = {}
    with os.scandir("/proc/self/fd") as entries:
        names = [entry.name for entry in entries]
    for name in names:
        try:
            targets[name] = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:
            continue  # the folder's own
    return targets


def _environment() -> Any:
    """The settings that the process hands on, by whichever function they were set."""
    table = ctypes.POINTER(ctypes.c_char_p).in_dll(_LIBC, "environ")
    held: list[bytes] = []
    with suppress(ValueError):  # no table: everything was removed
        while table[len(held)] is not None:
            held.append(table[len(held)])
    return sorted(held), dict(os.environ)


def _time_zone() -> Any:
    offsets = [time.localtime(moment).tm_gmtoff for moment in _MOMENTS]
    return time.tzname, time.timezone, time.altzone, time.daylight, offsets


def _limits() -> Any:
    return [resource.getrlimit(limit) for limit in _LIMITS]


def _priority() -> Any:
    return os.getpriority(os.PRIO_PROCESS, 0), os.sched_getaffinity(0), os.sched_getscheduler(0)


def _import_path() -> Any:
    return (
        list(sys.path),
        [id(finder) for finder in sys.meta_path],
        [id(hook) for hook in sys.path_hooks],
        sys.argv[:],
    )


def _hooks() -> Any:
    held = (sys.stdin, sys.stdout, sys.stderr, sys.excepthook, sys.unraisablehook, sys.displayhook)
    return [
        id(each)
        for each in (
            *held,
            sys.gettrace(),
            sys.getprofile(),
            threading.excepthook,
            warnings.showwarning,
        )
    ]


def _interpreter() -> Any:
    return (
        sys.getrecursionlimit(),
        sys.getswitchinterval(),
        sys.get_int_max_str_digits(),
        sys.dont_write_bytecode,
        gc.isenabled(),
        gc.get_threshold(),
        threading.stack_size(),
        socket.getdefaulttimeout(),
        tempfile.tempdir,
    )


def _decimals() -> Any:
    kept = decimal.DefaultContext
    return (
        kept.prec,
        kept.rounding,
        kept.Emin,
        kept.Emax,
        kept.capitals,
        kept.clamp,
        dict(kept.traps),
    )


def _logging() -> Any:
    root = logging.root
    return (
        root.level,
        [id(handler) for handler in root.handlers],
        root.manager.disable,
        id(logging.lastResort),
    )


class _Modules:
    """The modules that were loaded first, and the functions of the most shared of them.

    New ones may come.
    """

    def __init__(self) -> None:
        self.loaded = dict(sys.modules)
        also = [self.loaded[name] for name in _ALSO_SHARED if name in self.loaded]
        self.shared = [(module, _functions_of(module)) for module in (*_SHARED_MODULES, *also)]

    def replaced(self) -> list[str]:
        """Names of modules and functions that are not what they were."""
        names = [
            name for name, module in self.loaded.items() if sys.modules.get(name) is not module
        ]
        for module, functions in self.shared:
            held = vars(module)
            names += [
                f"{module.__name__}.{name}" for name, was in functions if held.get(name) is not was
            ]
        return [*names, *sorted(vars(builtins).keys() - self._builtins - _UNPATCHED)]

    _builtins = frozenset(vars(builtins))


def _functions_of(module: types.ModuleType) -> list[tuple[str, Any]]:
    return [
        (name, value)
        for name, value in vars(module).items()
        if callable(value) and not name.startswith("__")
    ]


_modules: _Modules | None = None


def _patched() -> Any:
    global _modules
    if _modules is None:
        _modules = _Modules()
    return _modules.replaced()


_ASPECTS: dict[str, Callable[[], Any]] = {
    "threads": _threads,
    "child processes": _child_processes,
    "open files": _open_files,
    "working directory": os.getcwd,
    "environment": _environment,
    "time zone": _time_zone,
    "resource limits": _limits,
    "priority": _priority,
    "process group": lambda: (os.getsid(0), os.getpgid(0)),
    "locale": lambda: locale.setlocale(locale.LC_ALL),
    "import path": _import_path,
    "hooks and streams": _hooks,
    "interpreter settings": _interpreter,
    "warning filters": lambda: list(warnings.filters),
    "decimal defaults": _decimals,
    "logging": _logging,
    "patched modules": _patched,
}
