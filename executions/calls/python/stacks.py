"""The functions that run now in this process or its children, and where each of them is."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from executions.isolation import stack

# So many functions of one run are asked where they are.
MOST = 10
# The thread that asks waits a little longer than this.
SECONDS = 2.0
_lock = threading.Lock()
_at_work: dict[str, list[_Call]] = {}


@dataclass(frozen=True, slots=True, eq=False)
class _Call:
    """``pid`` is the child in which it runs, None where it is a thread of this process."""

    function: str
    path: str
    pid: int | None
    thread: int


@contextmanager
def at_work(execution_id: str, path: str, function: str, pid: int | None) -> Iterator[None]:
    """Inside, this function runs for the step at ``path``."""
    call = _Call(function, path, pid, threading.get_ident())
    with _lock:
        _at_work.setdefault(execution_id, []).append(call)
    try:
        yield
    finally:
        with _lock:
            left = _at_work[execution_id]
            left.remove(call)
            if not left:
                del _at_work[execution_id]


def of(execution_id: str) -> list[dict[str, Any]]:
    """The functions of this run that run now: each with its step's path and its stacks, as JSON.

    It waits for their answers, some seconds at most.
    """
    with _lock:
        calls = list(_at_work.get(execution_id, ()))[:MOST]
    until = time.monotonic() + SECONDS
    return [
        {
            "function": call.function,
            "path": call.path,
            "stacks": [[asdict(frame) for frame in each] for each in _stacks(call, until)],
        }
        for call in calls
    ]


def _stacks(call: _Call, until: float) -> list[stack.Stack]:
    if time.monotonic() > until:
        return []
    if call.pid is not None:
        return stack.read(call.pid)
    frame = sys._current_frames().get(call.thread)
    frames = [
        stack.Frame(stack.shown_file(each.filename), each.lineno or 0, each.name)
        for each in reversed(traceback.extract_stack(frame))
    ]
    of_author = stack.of_author(frames)
    return [of_author] if of_author else []
