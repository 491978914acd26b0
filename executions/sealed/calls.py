"""The questions of a process to its sealed children: the functions of this room."""

from __future__ import annotations

import atexit
import os
import threading

from executions.sealed.errors import (
    SealedClosed,
    SealedDied,
    SealedError,
    SealedOutOfMemory,
    SealedRefused,
    SealedTooLarge,
    SealedUnavailable,
)
from executions.sealed.frames import ANSWERED, NO_MEMORY, REFUSED, TOO_LARGE, request
from executions.sealed.lanes import Lanes
from executions.sealed.limits import Limits
from executions.sealed.process import Reply

_lock = threading.Lock()
_limits = Limits()
_lanes: Lanes | None = None


def call(
    operation: str,
    payload: bytes,
    *,
    owner: str,
    seconds: float,
    text: str = "",
    heavy: bool = False,
    most_waiting: int | None = None,
) -> bytes:
    """The answer of ``operation`` to ``payload``.

    ``owner`` is whose text it is (an account's id). ``seconds`` is what it may take of processor
    time; on the clock it may be far longer where the machine is busy. ``text`` is what makes the
    call quick or slow (the program, not the data), ``heavy`` says that it is slow anyway. If
    ``most_waiting`` slow calls of the owner wait already it raises SealedBusy instead of waiting
    too: for impatient callers, such as a web server. Raises a
    :class:`~executions.sealed.errors.SealedError`.
    """
    lanes = _running()
    try:
        reply = lanes.call(request(operation, payload), owner, seconds, text, heavy, most_waiting)
    except (SealedDied, SealedUnavailable) as error:
        raise _ended(lanes, error) from None
    return _body(reply)


def call_once(operation: str, payload: bytes, *, owner: str, seconds: float) -> bytes:
    """:func:`call` in a child of its own that is killed after the answer, for payloads that hold
    secrets. Show of an error what kind it is, never its reason."""
    lanes = _running()
    try:
        return _body(lanes.call_once(request(operation, payload), owner, seconds))
    except (SealedDied, SealedUnavailable) as error:
        raise _ended(lanes, error) from None


def configure(limits: Limits) -> None:
    """Use these limits from now on; children that exist are ended."""
    global _limits
    close()
    with _lock:
        _limits = limits


def close() -> None:
    """End the children of this process. The next call starts new ones."""
    global _lanes
    with _lock:
        lanes, _lanes = _lanes, None
    if lanes is not None:
        lanes.close()


def pids() -> list[int]:
    """The process ids of the children that there are now."""
    return [] if _lanes is None else _lanes.stock.pids()


def _running() -> Lanes:
    global _lanes
    lanes = _lanes
    if lanes is None:
        with _lock:
            lanes = _lanes = _lanes or Lanes(_limits)
    return lanes


def _body(reply: Reply) -> bytes:
    if reply.outcome == ANSWERED:
        return reply.body
    if reply.outcome == REFUSED:
        kind, _, reason = reply.body.decode("utf-8", "replace").partition("\n")
        raise SealedRefused(kind, reason)
    if reply.outcome == NO_MEMORY:
        raise SealedOutOfMemory("it needs more memory than it may have")
    if reply.outcome == TOO_LARGE:
        raise SealedTooLarge("its answer is too large")
    raise SealedDied(f"it ended by an error: {reply.body[:80].decode('ascii', 'replace')}")


def _ended(lanes: Lanes, error: SealedError) -> SealedError:
    """A child that ended because we closed it did not end by itself."""
    if lanes.stock.is_closed:
        return SealedClosed("the processes for foreign text were closed meanwhile")
    return error


def _forget() -> None:
    """In a forked process: what leads to the children of its parent is closed, not used."""
    global _lanes, _lock
    lanes, _lanes, _lock = _lanes, None, threading.Lock()
    if lanes is not None:
        for descriptor in lanes.stock.descriptors():
            os.close(descriptor)


os.register_at_fork(after_in_child=_forget)
atexit.register(close)
