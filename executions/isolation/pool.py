"""A pool of warm child processes that run foreign code: each call has a deadline, and who overruns
it is killed.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from executions.isolation.errors import (
    ChildCancelled,
    ChildCouldNotStart,
    ChildError,
    NoChildFree,
    PoolClosed,
)
from executions.isolation.frames import encode
from executions.isolation.line import Line, Ticket
from executions.isolation.process import ChildProcess, Clock
from executions.isolation.seat import Reply, Seat
from executions.isolation.visit import Cancellable, Seconds, Sooner

Json = Any
_WAIT_SECONDS = 60.0
NOBODY = ""


class ChildPool:
    """Children, started when first needed, that answer ``target`` (``"package.module:function"``, a
    function of an operation's name and a JSON payload that returns JSON).

    A child serves one owner, from its first call until it is replaced: after ``calls_per_child``
    calls, or after one that left it otherwise than it was. Up to ``size`` of them work at once,
    beyond that up to ``guests`` more for owners who have none at work. With ``keeps_one_ready`` one
    that has served nobody yet stands by once the pool is used. Callers that wait for a child are
    served in turn (see :class:`~executions.isolation.line.Line`).

    ``environment`` is all that the children see of it; ``preload`` are modules that they import
    before their first call. ``memory_limit_bytes`` limits the address space of each. Any number of
    threads may call.
    """

    def __init__(
        self,
        target: str,
        *,
        size: int = 2,
        guests: int = 0,
        keeps_one_ready: bool = False,
        memory_limit_bytes: int | None = None,
        preload: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        max_result_bytes: int = 4 * 1024 * 1024,
        calls_per_child: int = 10_000,
        start_seconds: float = 30.0,
    ) -> None:
        if size < 1:
            raise ValueError(f"a pool needs at least one child, not {size}")
        self.target = target
        self._most = size + guests + keeps_one_ready
        self._keeps_one_ready = keeps_one_ready
        self._memory_limit_bytes = memory_limit_bytes
        self._preload = tuple(preload)
        self._environment = dict(environment or {})
        self._max_result_bytes = max_result_bytes
        self._calls_per_child = calls_per_child
        self._start_seconds = start_seconds
        self._owner_pid = os.getpid()
        self._lock = threading.Lock()
        self._line = Line(size, guests)
        self._kept: dict[Hashable, Ticket] = {}
        self._idle: list[ChildProcess] = []  # the one that was used longest ago first
        self._busy: set[ChildProcess] = set()
        self._starting = 0
        self._wants_spare = False
        self._is_closed = False
        _pools.add(self)

    def call(self, operation: str, payload: Json, **options: Any) -> Json:
        """The result of ``target(operation, payload)`` in a child; :meth:`run` without the log."""
        return self.run(operation, payload, **options).value

    def run(
        self,
        operation: str,
        payload: Json,
        *,
        deadline: Clock | float,
        cancellation: Cancellable | None = None,
        wait_seconds: float | None = None,
        owner: str = NOBODY,
    ) -> Reply:
        """Wait for a child and call ``target(operation, payload)`` in it.

        A ``deadline`` object counts everything: waiting for a free child, its start and the call. A
        number of seconds counts the call alone; then ``wait_seconds`` (60 by default) limits the
        waiting. Raises a :class:`~executions.isolation.errors.ChildError`, and ValueError or
        TypeError if the payload is not JSON.
        """
        frame = encode([operation, payload])
        wait: Clock = Seconds(_WAIT_SECONDS if wait_seconds is None else wait_seconds)
        if not isinstance(deadline, (int, float)):
            wait = Sooner(wait, deadline)
        seat = self.seat(owner, wait=wait, cancellation=cancellation)
        if seat is None:
            raise NoChildFree("no child process became free in time; nothing was run")
        with seat:
            clock: Clock = Seconds(deadline) if isinstance(deadline, (int, float)) else deadline
            return seat.exchange(frame, deadline=clock, cancellation=cancellation)

    def seat(
        self,
        owner: str = NOBODY,
        *,
        wait: Clock | None = None,
        cancellation: Cancellable | None = None,
        key: Hashable = None,
        waiting: Any = None,
        on_turn: Callable[[Any], None] | None = None,
    ) -> Seat | None:
        """A child that is ready, for one call; None where none became free while ``wait`` lasted
        (None: at once).

        With a ``key`` the place in line is kept then: ask again with the same key, :meth:`park` it
        to have ``on_turn`` called with ``waiting`` when there is a child, or :meth:`leave`. Raises
        ChildCancelled and PoolClosed.
        """
        with self._lock:
            self._refuse_if_closed()
            ticket = self._kept.get(key) if key is not None else None
            if ticket is None:
                ticket = Ticket(owner, key, waiting, on_turn)
                if key is not None:
                    self._kept[key] = ticket
                self._line.add(ticket)
            ticket.is_parked = False
            self._match()
        if not ticket.is_answered and wait is not None:
            if cancellation is not None:
                cancellation.on_request(lambda: self._cancel(ticket))
            ticket.turn.wait(wait.remaining())
        return self._taken(ticket)

    def park(self, key: Hashable) -> None:
        """Nobody stands and waits any more: the ticket's ``on_turn`` is called when there is a
        child, and the child is kept for whoever comes with the key.
        """
        with self._lock:
            ticket = self._kept.get(key)
            if ticket is not None:
                ticket.park()

    def leave(self, key: Hashable) -> None:
        """Give the place in line up, and the child that was kept for it."""
        with self._lock:
            ticket = self._kept.pop(key, None)
            if ticket is not None:
                self._drop(ticket)

    def leave_unclaimed(self, seconds: float) -> int:
        """Give up the children that were kept for somebody for so long and were not fetched.

        How many.
        """
        before = time.monotonic() - seconds
        with self._lock:
            late = [
                t
                for t in self._kept.values()
                if t.is_parked and t.is_answered and t.answered_at < before
            ]
            for ticket in late:
                del self._kept[ticket.key]
                self._drop(ticket)
        return len(late)

    def leave_all(self) -> list[Any]:
        """Give up all places that are parked. The calls for which they were taken (``waiting``)."""
        with self._lock:
            parked = [ticket for ticket in self._kept.values() if ticket.is_parked]
            for ticket in parked:
                del self._kept[ticket.key]
                self._drop(ticket)
        return [ticket.waiting for ticket in parked]

    def close(self) -> None:
        """Kill all children and refuse further calls; calls that run now end with
        :class:`PoolClosed`.
        """
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
            busy, waiting = list(self._busy), list(self._line)
            idle += [ticket.child for ticket in self._kept.values() if ticket.child is not None]
            self._kept.clear()
        for child in busy:
            child.kill()
        for ticket in waiting:
            ticket.turn.set()
        for child in idle:
            child.dispose()

    def pids(self) -> list[int]:
        """The process ids of the children that there are now."""
        with self._lock:
            return [child.pid for child in (*self._idle, *self._busy)]

    def belongs_to_this_process(self) -> bool:
        """False in a process that was forked from the one that made this pool."""
        return self._owner_pid == os.getpid()

    def _taken(self, ticket: Ticket) -> Seat | None:
        """The seat that the ticket was answered with."""
        with self._lock:
            if ticket.is_answered:
                self._kept.pop(ticket.key, None)
                if ticket.child is not None and self._is_closed:
                    self._busy.discard(ticket.child)
                    ticket.child.kill()
                return Seat(ticket.child, ticket.problem, self._give_back, lambda: self._is_closed)
            if ticket.key is None or ticket.is_cancelled or self._is_closed:
                self._kept.pop(ticket.key, None)
                self._line.remove(ticket)
        self._refuse_if_closed()
        if ticket.is_cancelled:
            raise ChildCancelled(
                "the call was cancelled before it had a child process; nothing was run"
            )
        return None

    def _cancel(self, ticket: Ticket) -> None:
        ticket.is_cancelled = True
        ticket.turn.set()

    def _drop(self, ticket: Ticket) -> None:
        self._line.remove(ticket)
        if ticket.child is not None:
            self._busy.discard(ticket.child)
            self._idle.append(ticket.child)
            self._match()

    def _give_back(self, child: ChildProcess, keep: bool) -> None:
        if not keep or child.calls >= self._calls_per_child or not child.is_alive():
            keep = False
            child.dispose()
        with self._lock:
            self._busy.discard(child)
            left_over = keep and self._is_closed
            if keep and not left_over:
                self._idle.append(child)
            self._match()
        if left_over:
            child.dispose()

    # The methods below are called with the lock held.

    def _match(self) -> None:
        """Give children to those whose turn it is; start those that are missing."""
        if self._is_closed:
            return
        missing = 0
        for ticket in self._line.next_ones(Counter(child.owner or NOBODY for child in self._busy)):
            child = self._idle_for(ticket.owner)
            if child is None:
                missing += 1
                continue
            self._wants_spare = self._wants_spare or (self._keeps_one_ready and child.owner is None)
            child.owner = ticket.owner
            self._busy.add(child)
            self._line.remove(ticket)
            self._line.note_served(ticket.owner)
            ticket.answer(child)
        for _ in range(missing - self._starting):
            if not self._has_room():
                break
            self._start()
        if self._wants_spare and not self._starting and self._count() < self._most:
            self._wants_spare = False
            if not any(child.owner is None for child in self._idle):
                self._start()

    def _idle_for(self, owner: str) -> ChildProcess | None:
        """The owner's own that is idle, else one that has served nobody."""
        dead = [child for child in self._idle if not child.is_alive()]
        for child in dead:
            self._idle.remove(child)
            _in_background(child.dispose)
        own = [child for child in self._idle if child.owner == owner]
        fresh = [child for child in self._idle if child.owner is None]
        idle_child = own[-1] if own else fresh[0] if fresh else None
        if idle_child is not None:
            self._idle.remove(idle_child)
        return idle_child

    def _count(self) -> int:
        return len(self._idle) + len(self._busy) + self._starting

    def _has_room(self) -> bool:
        """Whether one more child may be started; one that somebody else was served by makes
        room.
        """
        if self._count() < self._most:
            return True
        if not self._idle:
            return False
        _in_background(self._idle.pop(0).dispose)
        return True

    def _start(self) -> None:
        self._starting += 1
        _in_background(self._raise_one)

    def _refuse_if_closed(self) -> None:
        if self._is_closed:
            raise PoolClosed("the pool of child processes is closed")
        if not self.belongs_to_this_process():
            raise PoolClosed(
                "this pool of child processes belongs to the process that this one was forked from"
            )

    # In a thread of its own, without the lock.

    def _raise_one(self) -> None:
        """Start a child and put it among the idle ones; where that fails, whoever is next in line
        hears why.
        """
        child: ChildProcess | None = None
        problem: ChildError | None = None
        try:
            child = ChildProcess(
                self.target,
                preload=self._preload,
                environment=self._environment,
                memory_limit_bytes=self._memory_limit_bytes,
                max_result_bytes=self._max_result_bytes,
            )
            child.wait_until_ready(Seconds(self._start_seconds))
        except OSError as error:
            problem = ChildCouldNotStart(f"the child process could not start: {error}")
        except ChildError as error:
            problem = error
        with self._lock:
            self._starting -= 1
            left_over = problem is not None or self._is_closed
            if problem is not None:
                self._tell_next(problem)
            elif child is not None and not left_over:
                self._idle.append(child)
            self._match()
        if child is not None and left_over:
            child.dispose()

    def _tell_next(self, problem: ChildError) -> None:
        for ticket in self._line.next_ones(Counter(child.owner or NOBODY for child in self._busy))[
            :1
        ]:
            self._line.remove(ticket)
            ticket.answer(None, problem)


def _in_background(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="child-keeper", daemon=True).start()


_pools: weakref.WeakSet[ChildPool] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    for pool in list(_pools):
        if pool.belongs_to_this_process():
            pool.close()
