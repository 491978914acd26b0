"""The stack of a child that runs a call, asked for from outside while it runs.

The child registers a signal at which the interpreter itself, without any thread and whatever the
call is doing, writes where each of its threads is (faulthandler): files, lines and names of
functions, never values. It writes to a file in memory, which the parent reads through /proc.
"""

from __future__ import annotations

import faulthandler
import fcntl
import os
import re
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath

_NAME = "stigmer-stack"
# Only Linux has files in memory, and signals that nobody else means anything by.
IS_KNOWN_HERE = sys.platform == "linux"
_SIGNAL = signal.SIGRTMIN + 11 if sys.platform == "linux" else 0
_WAIT_SECONDS = 2.0
_LOOK_SECONDS = 0.02
_QUIET_SECONDS = 1.0
# The main thread comes last; the second is what is written where a stack is cut.
_ENDS = (b"in _run_module_as_main\n", b"\n  ...\n")
_MOST_BYTES = 262_144
_MOST_FRAMES = 60
_FRAME = re.compile(r'^\s+File "(.*)", line (\d+) in (.*)$')
# Beneath these the stack is ours.
_OURS = ("executions/isolation/", "executions/calls/", "executions/driving/", "executions/worker/")


@dataclass(frozen=True, slots=True)
class Frame:
    """A line that a thread stands at; ``file`` is below the folder that it was imported from."""

    file: str
    line: int
    function: str


# A thread's, the newest call first.
Stack = tuple[Frame, ...]


def offer() -> None:
    """Called by a child before it serves: from now on it answers the signal, on Linux."""
    if not IS_KNOWN_HERE:
        return
    descriptor = os.memfd_create(_NAME)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, os.O_APPEND)
    faulthandler.register(_SIGNAL, file=descriptor, all_threads=True, chain=False)


def read(pid: int) -> list[Stack]:
    """The stacks of this child's threads; empty if it does not say, or is no more."""
    if not IS_KNOWN_HERE:
        return []
    with suppress(OSError):
        path = _written(pid)
        if path is not None and _would_answer(pid):
            # Every dump begins an empty file.
            os.truncate(path, 0)
            os.kill(pid, _SIGNAL)
            return parsed(_settled(path))
    return []


def parsed(text: str) -> list[Stack]:
    """The stacks of a text that faulthandler wrote, without those that are ours alone."""
    stacks: list[list[Frame]] = []
    for line in text.splitlines():
        match = _FRAME.match(line)
        if match is None:
            if line.endswith("(most recent call first):"):
                stacks.append([])
        elif stacks:
            stacks[-1].append(Frame(shown_file(match[1]), int(match[2]), match[3]))
    return [stack for each in stacks if (stack := of_author(each))]


def of_author(frames: Sequence[Frame]) -> Stack:
    """The newest frames down to ours."""
    for index, frame in enumerate(frames):
        if frame.file.startswith(_OURS) or frame.file == "<frozen runpy>":
            return tuple(frames[:index][:_MOST_FRAMES])
    return tuple(frames[:_MOST_FRAMES])


def shown_file(path: str) -> str:
    """The path below the folder that modules are imported from; elsewhere the file's name alone."""
    if path.startswith("<"):
        return path
    roots = [root for root in sys.path if root and PurePath(path).is_relative_to(root)]
    longest = max(roots, key=len, default="")
    return str(PurePath(path).relative_to(longest)) if longest else PurePath(path).name


def _written(pid: int) -> str | None:
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            if os.readlink(entry).startswith(f"/memfd:{_NAME}"):
                return str(entry)
    return None


def _would_answer(pid: int) -> bool:
    """Whether the signal is caught still: a call that put it back would be ended by it."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = int(status.partition("SigCgt:")[2].split()[0], 16)
    return bool(caught & 1 << _SIGNAL - 1)


def _settled(path: str) -> str:
    """The dump, once it is whole, or no more of it comes: it is written piece by piece."""
    until, text = time.monotonic() + _WAIT_SECONDS, b""
    while time.monotonic() < until:
        time.sleep(_LOOK_SECONDS)
        with open(path, "rb") as file:
            now = file.read(_MOST_BYTES)
        if now.endswith(_ENDS):
            return now.decode("utf-8", "replace")
        if len(now) > len(text):
            text, until = now, time.monotonic() + _QUIET_SECONDS
    return text.decode("utf-8", "replace")
