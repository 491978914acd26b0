"""The places of slow calls: a few in a process, fewer of each owner; owners wait in turn."""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager

from executions.sealed.errors import SealedBusy, SealedClosed, SealedGivenUp


class Caller:
    """Somebody whose calls wait for a place, and who can be told not to wait any longer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turn: threading.Event | None = None
        self._gives_up = False

    def give_up(self) -> None:
        """End the wait of this caller, and each later one, with :class:`SealedGivenUp`."""
        with self._lock:
            self._gives_up = True
            if self._turn is not None:
                self._turn.set()

    def waits_for(self, turn: threading.Event | None) -> None:
        """Note what this caller waits for now; None when it waits no more."""
        with self._lock:
            self._turn = turn
            if turn is not None and self._gives_up:
                turn.set()


class _OfThread(threading.local):
    seconds = 0.0
    caller: Caller | None = None
    is_hurried = False


_of_thread = _OfThread()


@contextmanager
def calling(caller: Caller | None) -> Iterator[None]:
    """Calls of this thread are made for ``caller`` meanwhile; None: they wait for their turn in any
    case.
    """
    before, _of_thread.caller = _of_thread.caller, caller
    try:
        yield
    finally:
        _of_thread.caller = before


@contextmanager
def hurried() -> Iterator[None]:
    """Calls of this thread do not wait long for a process meanwhile: others wait for this
    thread.
    """
    before, _of_thread.is_hurried = _of_thread.is_hurried, True
    try:
        with calling(None):
            yield
    finally:
        _of_thread.is_hurried = before


def is_hurried() -> bool:
    return _of_thread.is_hurried


def waited_seconds() -> float:
    """How long calls of this thread have waited for a place or a process so far: time that nothing
    may count against a deadline.
    """
    return _of_thread.seconds


def go_on_waiting_from(seconds: float) -> None:
    """This thread goes on with the work of one that had waited so long."""
    _of_thread.seconds = seconds


def note_waited(seconds: float) -> None:
    """This thread waited so long for what it needs to make a call."""
    _of_thread.seconds += seconds


class Places:
    """``total`` places, of which one owner has at most ``each``."""

    def __init__(self, total: int, each: int) -> None:
        self._total = total
        self._each = each
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()
        self._count = 0
        self._waiting: OrderedDict[str, deque[threading.Event]] = OrderedDict()
        self._is_closed = False

    def has(self, owner: str) -> bool:
        """Whether this owner has a place or waits for one."""
        return owner in self._taken or owner in self._waiting

    def enter_now(self, owner: str) -> bool:
        """Take a place if one is free for this owner and nobody of them waits."""
        with self._lock:
            if self._is_closed or owner in self._waiting or not self._is_free_for(owner):
                return False
            self._take(owner)
            return True

    def enter(self, owner: str, most_waiting: int | None = None) -> None:
        """Take a place, however long that takes.

        Raises :class:`SealedClosed`, :class:`SealedGivenUp` where its caller was told so, and
        :class:`SealedBusy` where ``most_waiting`` of this owner wait already.
        """
        if self.enter_now(owner):
            return
        turn = threading.Event()
        with self._lock:
            if most_waiting is not None and len(self._waiting.get(owner, ())) >= most_waiting:
                raise SealedBusy("too many slow calls of this owner wait already")
            if self._is_closed:
                raise SealedClosed("the processes for foreign text are closed")
            self._waiting.setdefault(owner, deque()).append(turn)
            self._let_in()
        self._wait(turn)
        if self._is_closed:
            raise SealedClosed("the processes for foreign text were closed meanwhile")
        if self._withdrawn(owner, turn):
            raise SealedGivenUp("the caller was told not to wait any longer")

    def _wait(self, turn: threading.Event) -> None:
        began, caller = time.monotonic(), _of_thread.caller
        if caller is not None:
            caller.waits_for(turn)
        turn.wait()
        if caller is not None:
            caller.waits_for(None)
        note_waited(time.monotonic() - began)

    def _withdrawn(self, owner: str, turn: threading.Event) -> bool:
        """Leave the line where the turn has not come; whether it had not."""
        with self._lock:
            turns = self._waiting.get(owner, deque())
            if turn not in turns:
                return False
            turns.remove(turn)
            if not turns:
                del self._waiting[owner]
            return True

    def leave(self, owner: str) -> None:
        """Give a place back."""
        with self._lock:
            self._count -= 1
            self._taken[owner] -= 1
            if not self._taken[owner]:
                del self._taken[owner]
            self._let_in()

    def close(self) -> None:
        """Let nobody in any more; who waits is told."""
        with self._lock:
            self._is_closed = True
            waiting = [turn for turns in self._waiting.values() for turn in turns]
            self._waiting.clear()
        for turn in waiting:
            turn.set()

    def _is_free_for(self, owner: str) -> bool:
        return self._count < self._total and self._taken[owner] < self._each

    def _take(self, owner: str) -> None:
        self._count += 1
        self._taken[owner] += 1

    def _let_in(self) -> None:
        """Give free places to those who wait: the owner whose turn was longest ago first."""
        for owner in list(self._waiting):
            if self._count >= self._total:
                return
            if self._taken[owner] >= self._each:
                continue
            turns = self._waiting.pop(owner)
            self._take(owner)
            turns.popleft().set()
            if turns:
                self._waiting[owner] = turns  # at the end: the others first
