"""Walks without a database: a clock that is moved by hand, a journal that can be cut, effects that
leave a trace.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from executions import language as definition
from executions.calls.outcome import Done, Fail
from executions.errors import WorkflowError
from executions.journal.records import StepRecord
from executions.journal.replay import Journal
from executions.language import Workflow
from executions.language.walking.frontier import Frontier, Lane, State
from executions.language.walking.requests import (
    Abandon,
    Breathe,
    Completed,
    Effect,
    Ended,
    EventRequest,
    Failed,
    Fork,
    Heard,
    Joined,
    Listen,
    Park,
    Spawn,
)
from executions.language.walking.scope import Facts
from executions.language.walking.walker import Walker
from executions.states import StepStatus

HEAD = "document: {dsl: '1.0.0', namespace: tests, name: one, version: '1.0.0'}\n"
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
Answer = Callable[[dict[str, Any]], Done | Fail]


def parsed(text: str) -> definition.Definition:
    return definition.parse(HEAD + text)


def echo(arguments: dict[str, Any]) -> Done | Fail:
    """Gives its arguments back; ``fail`` among them makes it fail with this detail."""
    if arguments.get("fail"):
        return failure(str(arguments["fail"]))
    return Done(arguments)


def failure(detail: str, *, name: str = "communication", status: int = 503) -> Fail:
    return Fail(
        WorkflowError.standard(name, detail, status=status), transient=True, rule="for a test"
    )


class Crash(Exception):
    """The process that walks is gone."""


class Beside:
    """The branches of a fork, whose effects are done one after the other, in the order of
    ``turn`` (their paths as they stand; by default the first comes first).
    """

    def __init__(self, run: Run, journal: Journal, fork: Fork, crash_at: int | None) -> None:
        self._run, self._journal, self._crash_at = run, journal, crash_at
        self._frontier = Frontier(fork, self)
        self.parks: list[Park] = []

    def joined(self) -> Joined | None:
        """None: all that are left wait."""
        frontier = self._frontier
        frontier.begin()
        while frontier.joined is None:
            stands = [lane for lane in frontier.lanes(State.STANDS) if frontier.may_begin(lane)]
            self.parks = [lane.request for lane in stands if isinstance(lane.request, Park)]
            acts = [lane for lane in stands if isinstance(lane.request, Effect | Spawn)]
            if not acts:
                return None
            steps = [lane.request.step for lane in acts if isinstance(lane.request, Effect | Spawn)]
            self._journal.check_nothing_was_missed(steps)
            lane = self._run.turn(acts)
            request = lane.request
            assert isinstance(request, Effect | Spawn)
            self._journal.pending[request.step.id] = request.step
            self._run.commit(self._journal, self._crash_at)
            frontier.deliver(lane, self._run.act(request))
            frontier.go_on()
        return frontier.joined

    def send(self, walk: Any, answer: Any) -> Any:
        return walk.send(answer)

    def breathe(self) -> None:
        self._run.commit(self._journal, self._crash_at)

    def abandon(self, path: str) -> None:
        self._run.abandon(self._journal, path)

    def is_replaying(self) -> bool:
        return bool(self._journal.unvisited)

    def stand(self, lane: Lane) -> None:
        if isinstance(lane.request, Effect | Spawn):
            self._journal.pending.pop(lane.request.step.id, None)

    def drop(self, lane: Lane, state: State) -> None:
        if not isinstance(lane.request, Effect | Spawn) or state is not State.STANDS:
            return
        if lane.request.step.id not in self._journal.written:
            self._journal.forget(lane.request.step)

    def over(self, fork: Fork, *, is_won: bool) -> None:
        self._journal.pass_over(fork.step.path)
        if is_won:
            self._run.abandon(self._journal, fork.step.path)


class Run:
    """One execution: walk it, let time pass, cut its journal and walk again.

    ``effects`` counts by path what was really done, ``asked`` holds what was asked for; ``parks``
    are the moments until which it waited.
    """

    def __init__(
        self, text: str, input: Any = None, answer: Answer = echo, *, value_bytes: int = 1 << 20
    ) -> None:
        self.definition = parsed(text)
        self.input = {} if input is None else input
        self.answer = answer
        self.value_bytes = value_bytes
        self.now = BEGAN
        self.records: list[StepRecord] = []
        self.effects: Counter[str] = Counter()
        self.parks: list[float] = []
        self.committed = 0
        self.max_steps = 10_000
        self.asked: list[Any] = []
        # Of the branches that ask for an effect, the one that is answered first.
        self.turn: Callable[[list[Lane]], Lane] = lambda lanes: lanes[0]

    def change(self, text: str) -> Run:
        """The same journal under another definition."""
        self.definition = parsed(text)
        return self

    def walk(
        self,
        *,
        crash_at: int | None = None,
        limit_at: datetime | None = None,
        stop_at_park: bool = False,
    ) -> Ended:
        """Walk to the end.

        With ``crash_at`` the process is gone after so many commits: raises Crash.
        """
        self.committed = 0
        return self._walk(crash_at, limit_at, stop_at_park)

    def _walk(self, crash_at: int | None, limit_at: datetime | None, stop_at_park: bool) -> Ended:
        journal = Journal(
            copy.deepcopy(self.records),
            head_digest="",
            value_bytes=self.value_bytes,
            max_steps=self.max_steps,
        )
        workflow: Workflow = self.definition.workflow
        facts = Facts("wex-1", self.definition.document, self.input, BEGAN, {}, {"name": "stigmer"})
        self.walker = Walker(workflow, journal, facts, now=lambda: self.now)
        walk = self.walker.run(limit_at)
        answer: Any = None
        try:
            while True:
                request = walk.send(answer)
                answer = None
                if isinstance(request, Breathe):
                    self._commit(journal, crash_at)
                elif isinstance(request, Park):
                    self._commit(journal, crash_at)
                    if stop_at_park:
                        raise Crash
                    self.parks.append((request.until - BEGAN).total_seconds())
                    self.now = max(self.now, request.until)
                    # A parked walk is not gone on with: it is begun anew from its journal.
                    return self._walk(crash_at, limit_at, stop_at_park)
                elif isinstance(request, Fork):
                    beside = Beside(self, journal, request, crash_at)
                    answer = beside.joined()
                    if answer is None:
                        self._commit(journal, crash_at)
                        if stop_at_park:
                            raise Crash
                        until = min(each.until for each in beside.parks)
                        self.parks.append((until - BEGAN).total_seconds())
                        self.now = max(self.now, until)
                        return self._walk(crash_at, limit_at, stop_at_park)
                elif isinstance(request, Abandon):
                    self.abandon(journal, request.path)
                else:
                    journal.check_nothing_was_missed([request.step])
                    self._commit(journal, crash_at)
                    answer = self.act(request)
        except StopIteration as stop:
            self._commit(journal, crash_at)
            ended: Ended = stop.value
            return ended

    def abandon(self, journal: Journal, path: str) -> None:
        for record in journal.open_below(path):
            record.enter(StepStatus.CANCELLED, self.now)
            journal.pending[record.id] = record

    def commit(self, journal: Journal, crash_at: int | None) -> None:
        self._commit(journal, crash_at)

    def act(self, request: Effect | Spawn | EventRequest) -> Any:
        self.effects[request.step.path] += 1
        self.asked.append(request)
        self.now += timedelta(seconds=1)
        if isinstance(request, Listen):
            return [Heard("0" * 32, {"0": {}}, {"type": "t", "data": {"x": 1}})]
        if not isinstance(request, Effect | Spawn):
            return None
        return self.answer(request.step.arguments.get("arguments", {}))

    def _commit(self, journal: Journal, crash_at: int | None) -> None:
        standing = {record.path: record for record in self.records}
        for record in journal.take_pending():
            standing[record.path] = copy.deepcopy(record)
        self.records = list(standing.values())
        self.committed += 1
        if self.committed == crash_at:
            raise Crash

    def step(self, path: str) -> StepRecord:
        return next(record for record in self.records if record.path == path)

    def finished(self) -> set[str]:
        return {record.path for record in self.records if record.is_finished()}

    def output(self, **options: Any) -> Any:
        """The output of a walk that has to complete."""
        ended = self.walk(**options)
        assert isinstance(ended, Completed), ended
        return ended.output

    def error(self, **options: Any) -> Failed:
        """The end of a walk that has to fail."""
        ended = self.walk(**options)
        assert isinstance(ended, Failed), ended
        return ended
