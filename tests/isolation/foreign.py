"""Foreign code as the children of these tests run it: some of it misbehaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Any


class Passing(Exception):
    is_transient = True

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.details = {"status": 503}


def answer(operation: str, payload: Any) -> Any:
    return OPERATIONS[operation](payload)


def _grandchildren(path: str) -> None:
    """Start a process in this group and one that leaves it, write their ids, and never come
    back.
    """
    loyal = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    away = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True
    )
    with open(path + ".part", "w") as file:
        file.write(f"{loyal.pid} {away.pid}")
    os.rename(path + ".part", path)
    time.sleep(600)


def _hang(path: str) -> None:
    with open(path, "w") as file:
        file.write(str(os.getpid()))
    while True:
        pass


def _ignore(payload: Any) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)


def _talk(count: int) -> str:
    print("out " * count)
    print("the end of it", file=sys.stderr)
    return "said"


def _raise(kind: str) -> None:
    raise {"passing": Passing("later"), "value": ValueError("wrong"), "exit": SystemExit(3)}[kind]


OPERATIONS: dict[str, Any] = {
    "echo": lambda payload: payload,
    "pid": lambda payload: os.getpid(),
    "environment": lambda payload: dict(os.environ),
    "exit": lambda code: os._exit(code),
    "signal": lambda number: os.kill(os.getpid(), number),
    "allocate": lambda size: len(bytearray(size)),
    "large": lambda size: "x" * size,
    "read": lambda payload: sys.stdin.read(),
    "grandchildren": _grandchildren,
    "hang": _hang,
    "talk": _talk,
    "raise": _raise,
    "ignore": _ignore,
    "not_json": lambda payload: object(),
}
