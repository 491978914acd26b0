"""Commands that nobody waits for (`await: false`): which run in this process, and how they end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass

from executions.calls.context import Cancellation

_END_SECONDS = 5.0
_lock = threading.Lock()


# Each is another one, whatever it holds.
@dataclass(frozen=True, slots=True, eq=False)
class _Left:
    execution_id: str
    thread: threading.Thread
    cancellation: Cancellation


_left: list[_Left] = []


def begin(execution_id: str, cancellation: Cancellation, work: Callable[[], None]) -> None:
    """Do the work in a thread of its own; ``cancellation`` ends it."""

    def watched() -> None:
        try:
            work()
        finally:
            with _lock:
                _left.remove(entry)

    thread = threading.Thread(target=watched, name="command", daemon=True)
    entry = _Left(execution_id, thread, cancellation)
    with _lock:
        _left.append(entry)
    thread.start()


def runs() -> set[str]:
    """The public ids of the runs that have such a command here."""
    with _lock:
        return {each.execution_id for each in _left}


def end_those_of(execution_ids: Collection[str]) -> None:
    """End the commands of these runs, with all that they have started."""
    with _lock:
        ended = [each for each in _left if each.execution_id in execution_ids]
    for each in ended:
        each.cancellation.request()


def close() -> None:
    """End all of them: they end with the worker."""
    with _lock:
        commands = list(_left)
    for each in commands:
        each.cancellation.request()
        each.thread.join(_END_SECONDS)
