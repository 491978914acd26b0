"""The walk of an agent: ask the model, make the calls that it wants, ask again.

It yields the requests of any walk (:mod:`executions.language.walking.requests`); a finished step is
answered from the journal, so that no turn is paid for and no tool is called a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from executions.agents import answering, paths, todos
from executions.agents.calling import Calling
from executions.agents.conversation import Conversation
from executions.agents.going_on import GoingOn
from executions.agents.program import AgentProgram
from executions.agents.stepping import Stepping, Walk
from executions.agents.tools import Offered, loaded
from executions.agents.turns import Turns
from executions.journal.decided import Forked, Task
from executions.journal.records import StepRecord
from executions.journal.replay import Journal
from executions.language.walking.branches import failure_of
from executions.language.walking.requests import (
    Branch,
    Breathe,
    Completed,
    Ended,
    Failed,
    Fork,
    Joined,
    Request,
    TaskFailed,
)
from executions.language.walking.scope import Facts
from executions.language.walking.walker import Hurry
from executions.mind.messages import Message, calls_of, digest, text_of, user
from executions.states import StepStatus


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the walk is handed. ``begin`` reads what a run begins with (instructions, tools); it is
    asked once in the life of a run and raises TaskFailed. ``history`` gives, of that, the messages
    of the runs that this one goes on from. ``hide`` takes secrets out of a text.
    """

    begin: Callable[[], dict[str, Any]]
    history: Callable[[dict[str, Any]], Sequence[Message]]
    hide: Callable[[str], str] = str


class AgentWalker(Stepping):
    """One walk of one run, in the place of a workflow's ``Walker``."""

    def __init__(
        self,
        program: AgentProgram,
        journal: Journal,
        facts: Facts,
        surroundings: Surroundings,
        *,
        now: Callable[[], datetime],
    ) -> None:
        super().__init__(journal, facts, now)
        self.agent = program.agent
        self.hurry = Hurry()
        self.done = self.total = 0
        self._surroundings = surroundings
        self._going_on = GoingOn(self, self.agent.limits)
        # Tools that a person has approved for the rest of the run.
        self.approved: set[str] = set()
        self.tools: dict[str, Offered] = {}
        # The first untrusted tool that the run has read from: from then on whatever may destroy or
        # send something asks a person, since the model may have been talked into it.
        self.tainted_by = ""
        # What these keep between calls is gone where they are started anew.
        self.servers_called: set[str] = set()
        self._items: list[str] = []

    def run(self, limit_at: datetime | None) -> Generator[Request, Any, Ended]:
        """Walk from the top. An agent has no time limit of its own; what it may use is counted."""
        try:
            output = yield from self._run()
        except TaskFailed as failure:
            return Failed(failure.error, failure.path or None)
        return Completed(output)

    def _run(self) -> Walk:
        start = yield from self._start()
        self.tools = loaded(start["tools"])
        hide, history = self._surroundings.hide, self._surroundings.history(start)
        self._conversation = Conversation(digest(start), history, hide)
        self._conversation.add("", user(str(self.facts.input["message"])))
        turns = Turns(
            self,
            self.agent,
            self._going_on,
            self._conversation,
            model=str(self.facts.input.get("model") or start["model"]),
            instructions=hide(str(start["instructions"])),
            tools=self.tools,
        )
        number = 0
        while True:
            number += 1
            yield from self._going_on.within_limits("turns", "tokens", "seconds")
            yield from turns.compact(number, self._items)
            self.total += 1
            message = yield from turns.ask(number)
            self.done += 1
            if message is None:
                continue
            calls = calls_of(message)
            if calls:
                turns.made_calls()
                self.total += len(calls)
                yield from self._calls(number, calls)
            elif not (yield from turns.check(number, message)):
                return self._output(message)

    def _start(self) -> Walk:
        record = self.journal.get(paths.START)
        if record is not None and record.is_finished():
            return self.finished(record).output
        record = record or StepRecord(paths.START, "Start", "input", started_at=self.now())
        try:
            output = self._surroundings.begin()
        except TaskFailed as failure:
            raise self.failed(record, failure.error) from failure
        self.finish(record, output)
        yield Breathe()
        return output

    def _calls(self, turn: int, calls: Sequence[dict[str, Any]]) -> Walk:
        yield from self._going_on.within_limits("calls", "seconds")
        around = self._around(turn, len(calls))
        made = [Calling(self, turn, place, call) for place, call in enumerate(calls, start=1)]
        results = yield from self._results(around, made)
        for calling, result in zip(made, results, strict=True):
            self._conversation.add(calling.path, result)
            self._items = todos.lines(calling.shown_name, calling.written, self._items)
            self.done += 1
            self._going_on.spent.took_call(calling.record)
            if self.agent.trust != "all":
                self.tainted_by = self.tainted_by or calling.taint()
            given = calling.record.arguments
            if isinstance(given, dict) and "server" in given:
                self.servers_called.add(str(given["server"]))
            yield from self._going_on.look_at_call(
                turn, calling.shown_name, calling.written, result, is_bad=calling.is_bad
            )

    def _around(self, turn: int, count: int) -> StepRecord | None:
        """What stands around several calls of a turn; nothing around a single one."""
        path = paths.calls_path(turn)
        if count == 1:
            return None
        return self.journal.get(path) or StepRecord(path, f"Calls of turn {turn}", "fork")

    def _results(self, record: StepRecord | None, made: Sequence[Calling]) -> Walk:
        """What each call gave; several are made beside each other, and asked about together."""
        if record is not None and not record.is_finished():
            record.started_at = record.started_at or self.now()
            Forked.of(record).branches, self.journal.has_forked = len(made), True
            self.begin(record)
            joined: Joined = yield Fork(record, [Branch(one.path, one.result) for one in made])
            if joined.failures:
                raise self._branches_failed(record, joined)
            self.finish(record, None)
            yield Breathe()
            return [joined.results[place] for place in range(len(made))]
        if record is not None:
            self.finished(record)
        results = []
        for one in made:
            results.append((yield from one.result()))
        return results

    def _branches_failed(self, record: StepRecord, joined: Joined) -> TaskFailed:
        named = sorted(joined.failures.items())
        failure = failure_of([(str(place + 1), why) for place, why in named])
        Task.of(record).failed = list(failure.paths)
        record.error = failure.error.as_json()
        self.journal.finish(record, StepStatus.FAILED, self.now())
        return failure

    def _output(self, message: Message) -> dict[str, Any]:
        used = self._going_on.spent.used
        return {
            "text": text_of(message),
            "data": None if self.agent.output is None else answering.read(text_of(message)),
            "usage": self._conversation.usage(),
            "cost": self._conversation.cost(),
            "turns": used["turns"],
            "tool_calls": used["calls"],
        }
