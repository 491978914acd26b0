"""The line of callers that wait for a child process: owners in turn, first the one that has fewest
children.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterator
from typing import Any

from executions.isolation.errors import ChildError
from executions.isolation.process import ChildProcess

_MOST_REMEMBERED = 1_000


class Ticket:
    """One wish for a child. ``child`` or ``problem`` is its answer; ``turn`` is set with it.

    ``key`` names it to whoever comes back for it. ``is_parked``: nobody stands and waits;
    ``on_turn`` is called instead, with ``waiting``, and must not block.
    """

    def __init__(
        self,
        owner: str,
        key: Hashable = None,
        waiting: Any = None,
        on_turn: Callable[[Any], None] | None = None,
    ) -> None:
        self.owner = owner
        self.key = key
        self.waiting = waiting
        self.turn = threading.Event()
        self.child: ChildProcess | None = None
        self.problem: ChildError | None = None
        self.is_parked = False
        self.is_cancelled = False
        self.answered_at = 0.0
        self._on_turn = on_turn

    @property
    def is_answered(self) -> bool:
        return self.child is not None or self.problem is not None

    def answer(self, child: ChildProcess | None, problem: ChildError | None = None) -> None:
        self.child, self.problem, self.answered_at = child, problem, time.monotonic()
        self.turn.set()
        if self.is_parked:
            self.call()

    def park(self) -> None:
        """From now on nobody stands and waits; called at once where the answer is there already."""
        self.is_parked = True
        if self.is_answered:
            self.call()

    def call(self) -> None:
        if self._on_turn is not None:
            self._on_turn(self.waiting)


class Line:
    """The tickets that wait, by owner.

    ``size`` children run for one owner at most; beyond ``size`` in all, up to ``guests`` more run
    for owners who have none. Not safe by itself: its pool holds a lock.
    """

    def __init__(self, size: int, guests: int) -> None:
        self._size = size
        self._guests = guests
        self._waiting: dict[str, deque[Ticket]] = {}
        self._served: dict[str, int] = {}
        self._count = 0

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def __iter__(self) -> Iterator[Ticket]:
        return (ticket for tickets in self._waiting.values() for ticket in tickets)

    def add(self, ticket: Ticket) -> None:
        self._waiting.setdefault(ticket.owner, deque()).append(ticket)

    def remove(self, ticket: Ticket) -> None:
        """Take it out of the line, wherever it stands; nothing where it stands in none."""
        tickets = self._waiting.get(ticket.owner)
        if tickets is not None and ticket in tickets:
            tickets.remove(ticket)
            if not tickets:
                del self._waiting[ticket.owner]

    def next_ones(self, running: Counter[str]) -> list[Ticket]:
        """Those who may have a child now, in turn.

        ``running``: how many children work for each owner.
        """
        running, ready = running.copy(), []
        left = {owner: iter(tickets) for owner, tickets in self._waiting.items()}
        while left:
            allowed = [owner for owner in left if self._may_run(running, owner)]
            if not allowed:
                break
            owner = min(allowed, key=lambda each: (running[each], self._served.get(each, 0)))
            ticket = next(left[owner], None)
            if ticket is None:
                del left[owner]
                continue
            ready.append(ticket)
            running[owner] += 1
        return ready

    def note_served(self, owner: str) -> None:
        """Its turn was used: owners who had theirs longer ago come first the next time."""
        self._count += 1
        self._served[owner] = self._count
        if len(self._served) > _MOST_REMEMBERED:
            for oldest in sorted(self._served, key=self._served.__getitem__)[
                : _MOST_REMEMBERED // 2
            ]:
                del self._served[oldest]

    def _may_run(self, running: Counter[str], owner: str) -> bool:
        total = running.total()
        if running[owner] >= self._size:
            return False
        return total < self._size or (running[owner] == 0 and total < self._size + self._guests)
