"""Functions that leave their process otherwise than it was, and functions that do not.

One set for these tests.
"""

from __future__ import annotations

import builtins
import ctypes
import decimal
import gc
import json
import locale
import logging
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
import types
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any

_kept: list[Any] = []
_flavour: ContextVar[str] = ContextVar("flavour", default="none")


def answer(operation: str, payload: Any) -> Any:
    if operation == "pid":
        return os.getpid()
    result = {**LEAVES, **LEAVES_NOTHING}[operation]()
    return result if isinstance(result, str) else None


def _sleeping_thread() -> None:
    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()


def _orphan() -> None:
    subprocess.run(["/bin/sh", "-c", "sleep 600 >/dev/null 2>&1 &"], check=True)


def _time_zone() -> None:
    os.environ["TZ"] = "America/New_York"
    time.tzset()
    del os.environ["TZ"]


def _hidden_variable() -> None:
    ctypes.CDLL(None).setenv(b"STIGMER_TEST", b"1", 1)


def _lower_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))


def _replace_module() -> None:
    sys.modules["json"] = types.ModuleType("json")


def _raise_afterwards() -> None:
    os.environ["LEFT"] = "1"
    raise ValueError("and then it raised")


def _other_class() -> None:
    """Another class of the scheduler: anybody may choose between these two, how nice they ever
    are.
    """
    chosen = os.SCHED_OTHER if os.sched_getscheduler(0) == os.SCHED_BATCH else os.SCHED_BATCH
    os.sched_setscheduler(0, chosen, os.sched_param(0))


def _less_important() -> None:
    """Nicer than before, where there is room for it: the tests may have been started as nice as can
    be.
    """
    before = os.getpriority(os.PRIO_PROCESS, 0)
    if os.nice(1) == before:
        _other_class()


def _set(target: Any, name: str, value: Any) -> Callable[[], None]:
    return lambda: setattr(target, name, value)


# What is done, and the aspects in which the process differs afterwards.
LEAVES: dict[str, Callable[[], Any]] = {
    "threads": _sleeping_thread,
    "child processes": lambda: _kept.append(subprocess.Popen(["/bin/sleep", "600"])),
    "child processes: orphan": _orphan,
    "open files": lambda: _kept.append(open("/etc/passwd")),  # noqa: SIM115
    "open files: socket": lambda: _kept.append(socket.socket()),
    "open files: log closed": lambda: os.close(2),
    "working directory": lambda: os.chdir("/"),
    "umask": lambda: os.umask(os.umask(0o077) ^ 0o011),
    "environment": lambda: os.environ.update(LEFT="1"),
    "environment: removed": lambda: os.environ.pop("COLOUR"),
    "environment: in C": _hidden_variable,
    "environment: raised": _raise_afterwards,
    "time zone": _time_zone,
    "signal handlers": lambda: signal.signal(signal.SIGUSR1, lambda *_: None),
    "signal handlers: ignored": lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN),
    "signal handlers: blocked": lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT]),
    "signal handlers: alarm": lambda: signal.setitimer(signal.ITIMER_REAL, 600),
    "resource limits": _lower_limit,
    "priority": _other_class,
    "priority: niceness": _less_important,
    "locale": lambda: locale.setlocale(locale.LC_ALL, "C.UTF-8"),
    "import path": lambda: sys.path.insert(0, "/nowhere"),
    "import path: finder": lambda: sys.meta_path.append(_Finder()),
    "hooks and streams": lambda: setattr(sys, "stdout", None),
    "hooks and streams: tracer": lambda: sys.setprofile(lambda *_: None),
    "interpreter settings": lambda: sys.setrecursionlimit(500),
    "interpreter settings: gc": gc.disable,
    "interpreter settings: sockets": lambda: socket.setdefaulttimeout(1),
    "warning filters": lambda: warnings.simplefilter("error"),
    "decimal defaults": _set(decimal.DefaultContext, "prec", 3),
    "logging": lambda: logging.disable(logging.CRITICAL),
    "logging: handler": lambda: logging.getLogger().addHandler(logging.NullHandler()),
    "patched modules": _replace_module,
    "patched modules: clock": _set(time, "time", lambda: 0.0),
    "patched modules: built-in": _set(builtins, "left_behind", 1),
}


class _Finder:
    def find_spec(self, *_: Any) -> None:
        return None


def _joined_threads() -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(time.sleep, [0.001] * 20))


def _collected_file() -> None:
    cycle: list[Any] = [open("/etc/passwd")]  # noqa: SIM115
    cycle.append(cycle)


def _much_work() -> None:
    import xml.etree.ElementTree  # a module that nobody had loaded  # noqa: F401

    random.seed(1)
    json.dumps([random.random() for _ in range(1_000)])
    logging.getLogger("some.where").warning("said")
    subprocess.run(["/bin/true"], check=True)
    with open(os.devnull, "w") as file:
        file.write("x")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
    with decimal.localcontext() as context:
        context.prec = 3
    socket.getaddrinfo("localhost", 80)
    time.strftime("%c")


def _flavoured() -> str:
    before = _flavour.get()
    _flavour.set("strawberry")
    decimal.getcontext().prec = 3
    return before


LEAVES_NOTHING: dict[str, Callable[[], Any]] = {
    "joined threads": _joined_threads,
    "collected file": _collected_file,
    "much work": _much_work,
    "context variable": _flavoured,
}
