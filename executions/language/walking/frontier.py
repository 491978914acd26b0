"""Branches that are walked beside each other: which stand where, which have ended, what joins.

Pure: whoever drives them handles what they ask for. A branch that forks again stands until its own
branches have joined; all that stand at a request of their own are the frontier.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from enum import Enum, auto
from typing import Any, Protocol

from executions.journal.replay import Journal
from executions.language.walking.requests import (
    Abandon,
    Breathe,
    Effect,
    EventRequest,
    Fork,
    Joined,
    Park,
    Request,
    Spawn,
    TaskFailed,
)


class State(Enum):
    """The place of a branch.

    CAME: its walk has said what follows, and has not gone on to it. STANDS: it asks for something.
    BUSY: that is being seen to. PARKED: it waits. FORKED: its own branches are walked. HALTED:
    nothing of it begins any more. ENDED: it has come to its end, or was dropped.
    """

    CAME = auto()
    STANDS = auto()
    BUSY = auto()
    PARKED = auto()
    FORKED = auto()
    HALTED = auto()
    ENDED = auto()


class Lane:
    """One branch. ``request`` is what it asks for, ``place`` its number among its siblings."""

    __slots__ = ("group", "path", "place", "request", "state", "walk")

    def __init__(
        self, group: Group, place: int, path: str, walk: Generator[Request, Any, Any]
    ) -> None:
        self.group = group
        self.place = place
        self.path = path
        self.walk = walk
        self.state = State.CAME
        self.request: Request | None = None

    def is_below(self, group: Group) -> bool:
        """Whether it is a branch of this fork, or of one inside it."""
        return any(each is group for each in self.group.chain())


class Group:
    """The branches of one fork; ``above`` is the branch that forked."""

    __slots__ = ("above", "fork", "joined", "lanes", "next")

    def __init__(self, fork: Fork, above: Lane | None) -> None:
        self.fork = fork
        self.above = above
        self.joined = Joined()
        self.lanes: list[Lane] = []
        self.next = 0

    def chain(self) -> Iterator[Group]:
        """This one and those around it."""
        group: Group | None = self
        while group is not None:
            yield group
            group = group.above.group if group.above is not None else None

    @property
    def is_failing(self) -> bool:
        """Whether nothing new begins in it, as a branch has failed."""
        return bool(self.joined.failures) and not self.fork.compete

    @property
    def has_begun_all(self) -> bool:
        return self.next == len(self.fork.branches)


class Driver(Protocol):
    """The driver of the branches, which hears of them while they are walked."""

    def send(self, walk: Generator[Request, Any, Any], answer: Any) -> Request:
        """The next request of the walk; raises StopIteration or TaskFailed as it ends."""
        ...

    def breathe(self) -> None:
        """A step was recorded: a chance to write."""
        ...

    def abandon(self, path: str) -> None:
        """Close what is open below this path."""
        ...

    def is_replaying(self) -> bool:
        """Whether the journal holds steps that no walk has come past yet."""
        ...

    def stand(self, lane: Lane) -> None:
        """It has come to a request, which is not seen to yet."""
        ...

    def drop(self, lane: Lane, state: State) -> None:
        """Nobody goes on with this branch, which was in this state."""
        ...

    def over(self, fork: Fork, *, is_won: bool) -> None:
        """The branches of this fork have come to their end, or one of them has won."""
        ...


def first_requests(
    walk: Generator[Request, Any, Any], journal: Journal
) -> list[Park | Effect | Spawn | EventRequest]:
    """The first requests of a walk over this journal: several where it has branches. Nothing is
    done.

    Raises StopIteration where it comes to its end.
    """
    request = walk.send(None)
    while True:
        if isinstance(request, (Breathe, Abandon)):
            request = walk.send(None)
        elif isinstance(request, Fork):
            frontier = Frontier(request, _Onlooker(journal))
            frontier.begin()
            if frontier.joined is None:
                asking = [lane.request for lane in frontier.lanes(State.STANDS)]
                return [
                    each
                    for each in asking
                    if isinstance(each, Park | Effect | Spawn | EventRequest)
                ]
            request = walk.send(frontier.joined)
        else:
            return [request]


class Frontier:
    """The branches of one fork, and of those inside them."""

    def __init__(self, fork: Fork, driver: Driver) -> None:
        self._driver = driver
        self._root = Group(fork, None)
        self._groups = [self._root]

    def begin(self) -> None:
        """Walk all branches to their first request."""
        self._fill(self._root)
        self.go_on()

    @property
    def joined(self) -> Joined | None:
        """How the branches ended; None while they have not."""
        return None if self._groups else self._root.joined

    def lanes(self, *states: State) -> list[Lane]:
        """The branches in one of these states, in their order."""
        return [lane for group in self._groups for lane in group.lanes if lane.state in states]

    def may_begin(self, lane: Lane) -> bool:
        """Whether this branch may begin something new."""
        return not any(group.is_failing for group in lane.group.chain())

    def deliver(self, lane: Lane, answer: Any) -> None:
        """Answer what a branch asked for: it comes to what follows, and does not begin it."""
        try:
            lane.request = self._driver.send(lane.walk, answer)
            lane.state = State.CAME
        except StopIteration as stop:
            lane.group.joined.results[lane.place] = stop.value
            self._end(lane)
            if lane.group.fork.compete and lane.group.joined.winner is None:
                lane.group.joined.winner = lane.place
        except TaskFailed as failure:
            lane.group.joined.failures[lane.place] = failure
            self._end(lane)

    def go_on(self) -> None:
        """Walk on with all that came to something, and join what has ended, until all stand."""
        while True:
            for lane in self.lanes(State.CAME):
                if lane.state is State.CAME:
                    self._walk_on(lane)
            for group in list(self._groups):
                self._fill(group)
            if not self._join_one() and not self.lanes(State.CAME):
                return

    def _walk_on(self, lane: Lane) -> None:
        """To what the branch asks for next, unless it may begin nothing more."""
        while lane.state is State.CAME:
            request = lane.request
            if isinstance(request, (Breathe, Abandon)):
                if not self.may_begin(lane) and not self._driver.is_replaying():
                    lane.state = State.HALTED
                    return
                if isinstance(request, Abandon):
                    self._driver.abandon(request.path)
                elif not self._races(lane):
                    self._driver.breathe()
                self.deliver(lane, None)
            elif isinstance(request, Fork):
                lane.state = State.FORKED
                group = Group(request, lane)
                self._groups.append(group)
                self._fill(group)
            else:
                lane.state = State.STANDS
                self._driver.stand(lane)

    def _races(self, lane: Lane) -> bool:
        """Whether what it has done may be the end of a race: that is written with the word who won,
        and not before.
        """
        return any(group.fork.compete for group in lane.group.chain())

    def _fill(self, group: Group) -> None:
        """Begin as many branches as may stand beside each other."""
        branches, at_once = group.fork.branches, group.fork.at_once
        while group.next < len(branches) and (at_once is None or len(group.lanes) < at_once):
            is_failing = any(each.is_failing for each in group.chain())
            # All that are walked at the same time begin at the same time, whichever fails first.
            if is_failing and at_once is not None and not self._driver.is_replaying():
                return
            if group.joined.winner is not None:
                return
            branch = branches[group.next]
            lane = Lane(group, group.next, branch.path, branch.begin())
            group.next += 1
            group.lanes.append(lane)
            self.deliver(lane, None)
            self._walk_on(lane)

    def _join_one(self) -> bool:
        """Answer a branch whose own branches have come to their end; False where there is none."""
        for group in reversed(self._groups):
            if self._is_over(group):
                self._close(group)
                if group.above is not None:
                    self.deliver(group.above, group.joined)
                return True
        return False

    def _is_over(self, group: Group) -> bool:
        if group.joined.winner is not None:
            return True
        if not group.lanes and group.has_begun_all:
            return True
        if not group.is_failing or self._driver.is_replaying():
            return False
        return not any(lane.is_below(group) for lane in self.lanes(State.BUSY))

    def _close(self, group: Group) -> None:
        """Drop what is left of its branches, and of the forks inside them."""
        gone = [each for each in self._groups if any(up is group for up in each.chain())]
        self._groups = [each for each in self._groups if each not in gone]
        for each in gone:
            for lane in each.lanes:
                state, lane.state = lane.state, State.ENDED
                self._driver.drop(lane, state)
            each.lanes = []
        self._driver.over(group.fork, is_won=group.joined.winner is not None)

    def _end(self, lane: Lane) -> None:
        lane.state, lane.request = State.ENDED, None
        lane.group.lanes.remove(lane)


class _Onlooker:
    """Drives branches no further than to what they ask for first."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def send(self, walk: Generator[Request, Any, Any], answer: Any) -> Request:
        return walk.send(answer)

    def breathe(self) -> None:
        pass

    def abandon(self, path: str) -> None:
        pass

    def is_replaying(self) -> bool:
        return bool(self._journal.unvisited)

    def stand(self, lane: Lane) -> None:
        pass

    def drop(self, lane: Lane, state: State) -> None:
        pass

    def over(self, fork: Fork, *, is_won: bool) -> None:
        self._journal.pass_over(fork.step.path)
