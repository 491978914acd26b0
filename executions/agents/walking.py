"""The walk of an agent: ask the model, make the calls that it wants, ask again.

It yields the requests of any walk (:mod:`executions.language.walking.requests`); a finished step is
answered from the journal, so that no turn is paid for and no tool is called a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog

from executions.agents import answering, asking, paths
from executions.agents.calling import Calling
from executions.agents.conversation import Conversation
from executions.agents.limits import Spent
from executions.agents.program import QUESTION, TURN, AgentProgram, AgentTask
from executions.agents.tools import Offered, loaded
from executions.calls.outcome import Done, Fail
from executions.errors import NotStorable, WorkflowError
from executions.journal import operation
from executions.journal.decided import Forked, Task
from executions.journal.records import StepRecord
from executions.journal.replay import Journal, JournalFull
from executions.language.walking.branches import failure_of
from executions.language.walking.requests import (
    Branch,
    Breathe,
    Completed,
    Effect,
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
from executions.schemas import SchemaError
from executions.states import StepStatus
from executions.values import clean_error

log = structlog.get_logger(__name__)
Walk = Generator[Request, Any, Any]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the walk is handed. ``begin`` reads what a run begins with (instructions, tools); it is
    asked once in the life of a run and raises TaskFailed. ``history`` gives, of that, the messages
    of the runs that this one goes on from.
    """

    begin: Callable[[], dict[str, Any]]
    history: Callable[[dict[str, Any]], Sequence[Message]]


class AgentWalker:
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
        self.agent = program.agent
        self.journal = journal
        self.facts = facts
        self.now = now
        self.hurry = Hurry()
        self.done = self.total = 0
        self._surroundings = surroundings
        self._scope = facts.scope()
        self.spent = Spent(self.agent.limits)
        # Tools that a person has approved for the rest of the run.
        self.approved: set[str] = set()

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
        self._model = str(self.facts.input.get("model") or start["model"])
        self._instructions = str(start["instructions"])
        if self.agent.output is not None:
            self._instructions += answering.told(self.agent.output.schema_)
        self._wrong_in_a_row = 0
        self.conversation = Conversation(digest(start), self._surroundings.history(start))
        self.conversation.add("", user(str(self.facts.input["message"])))
        number = 0
        while True:
            number += 1
            yield from self._within_limits("turns", "tokens", "seconds")
            message = yield from self._turn(number)
            calls = calls_of(message)
            if not calls:
                wrong = yield from self._check(number, message)
                if not wrong:
                    return self._output(message)
                said = user(answering.again(wrong))
                self.conversation.add(paths.check_path(number), said)
                continue
            self._wrong_in_a_row = 0
            self.total += len(calls)
            yield from self._calls(number, calls)

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

    def _turn(self, number: int) -> Walk:
        """The model's message: from the journal, or asked for."""
        path, recipe = paths.turn_path(number), self.conversation.recipe()
        record = self.journal.get(path)
        if record is None:
            record = StepRecord(path, f"Turn {number}", "call", input=recipe)
            record.arguments = {"model": self._model}
            self.total += 1
        elif record.input["request"] != recipe["request"]:
            log.warning("a request is not rebuilt as it was sent", path=path)
        if not record.is_finished():
            written = {
                "instructions": self._instructions,
                "messages": self.conversation.messages,
                "tools": [_told(tool) for tool in self.tools.values()],
            }
            outcome = yield from self.effect(record, TURN, written)
            if isinstance(outcome, Fail):
                raise self.failed(record, outcome.error, outcome)
            self.finish(record, outcome.output)
            yield Breathe()
        message: Message = self.finished(record).output
        # A turn that was asked of another model: it is that one's conversation from now on.
        self._model = str(record.arguments["model"])
        self._count(record, "turns")
        self.conversation.add(path, message)
        self.spent.used["tokens"] = self.conversation.tokens()
        return message

    def _check(self, turn: int, message: Message) -> Walk:
        """What is wrong with a last answer, where it has to be data. Where several in a row are
        wrong a person is asked whether the run shall go on.
        """
        if self.agent.output is None:
            return []
        path = paths.check_path(turn)
        record = self.journal.get(path)
        if record is None or not record.is_finished():
            record = record or StepRecord(path, f"Answer {turn}", "input", started_at=self.now())
            wrong = self._wrong_with(record, self.agent.output.schema_, text_of(message))
            self.finish(record, {"problems": wrong})
            yield Breathe()
        found: list[str] = self.finished(record).output["problems"]
        self._wrong_in_a_row += bool(found)
        if found and self._wrong_in_a_row == answering.MOST_IN_A_ROW:
            self._wrong_in_a_row = 0
            said = (
                f"{answering.MOST_IN_A_ROW} answers in a row did not fit the schema of the output"
            )
            said = f"{said}. The last: {found[0]}."
            yield from self.go_on("answers", turn, f"{said} Shall it try again?", said)
        return found

    def _wrong_with(self, record: StepRecord, schema: dict[str, Any], text: str) -> list[str]:
        owner, seconds = self.facts.owner, self.facts.expression_seconds
        try:
            return answering.problems(schema, text, owner=owner, seconds=seconds)
        except SchemaError as problem:
            detail = f"The answer could not be checked: {problem}"
            raise self.failed(record, WorkflowError.standard("validation", detail)) from problem

    def _calls(self, turn: int, calls: Sequence[dict[str, Any]]) -> Walk:
        yield from self._within_limits("calls", "seconds")
        around = self._around(turn, len(calls))
        made = [Calling(self, turn, place, call) for place, call in enumerate(calls, start=1)]
        results = yield from self._results(around, made)
        for calling, result in zip(made, results, strict=True):
            self.conversation.add(calling.path, result)
            self._count(calling.record, "calls")
            yield from self._look_whether_it_is_lost(turn, calling, result)

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

    def _look_whether_it_is_lost(self, turn: int, calling: Calling, result: Message) -> Walk:
        name = calling.shown_name
        if self.spent.goes_in_circles(name, calling.written, result):
            said = f"The agent has called {name} three times with the same result."
            yield from self.go_on("loop", turn, f"{said} Shall it go on?", said)
        if self.spent.is_lost(bad=calling.is_bad):
            said = "Three calls in a row named no tool, or did not fit the tool that they named."
            yield from self.go_on("confused", turn, f"{said} Shall it go on?", said)

    def _count(self, record: StepRecord, what: str) -> None:
        self.done += 1
        self.spent.used[what] += 1
        self.spent.took(record)

    def _within_limits(self, *names: str) -> Walk:
        """A person is asked where one of these is used up."""
        while (reached := self.spent.reached(names)) is not None:
            more = f"{reached.allowed // self.spent.allowed[reached.what]:,}"
            question = f"{reached.told()} Shall it go on with {more} more?"
            yield from self.go_on(
                reached.what, self.spent.allowed[reached.what], question, reached.told()
            )
            self.spent.allow_more(reached.what)

    def go_on(self, what: str, number: int, question: str, told: str) -> Walk:
        """Ask whether the run shall go on. Raises TaskFailed where a person stops it."""
        path = paths.limit_path(what, number)
        record = self.journal.get(path)
        if record is None:
            record = StepRecord(path, f"Limit: {what}", "call", started_at=self.now())
            record.arguments = asking.shall_go_on(question)
        if record.is_finished():
            self.finished(record)
            return
        outcome = yield from self.effect(record, QUESTION, record.arguments)
        if isinstance(outcome, Fail):
            raise self.failed(record, outcome.error, outcome)
        if outcome.output["outcome"] != asking.GO_ON:
            who = outcome.output["reviewer"]
            error = WorkflowError.standard("runtime", f"{told} {who} stopped the run there.")
            raise self.failed(record, error)
        self.finish(record, outcome.output)
        yield Breathe()

    def _output(self, message: Message) -> dict[str, Any]:
        return {
            "text": text_of(message),
            "data": None if self.agent.output is None else answering.read(text_of(message)),
            "usage": self.conversation.usage(),
            "cost": self.conversation.cost(),
            "turns": self.spent.used["turns"],
            "tool_calls": self.spent.used["calls"],
        }

    def effect(
        self, record: StepRecord, task: AgentTask, written: dict[str, Any]
    ) -> Generator[Request, Any, Done | Fail]:
        """Begin the step, which has its arguments, and have it carried out."""
        record.started_at = record.started_at or self.now()
        if record.control.get("key") is None:
            operation.begin(record, (), self.facts.run, lambda record: None)
        else:
            operation.adopt(record, self.facts.run)
        self.begin(record)
        outcome: Done | Fail = yield Effect(
            record, task, task.call, written, None, False, self._scope, None
        )
        return outcome

    def begin(self, record: StepRecord) -> None:
        """Record a step before it runs. Raises TaskFailed where it cannot be."""
        try:
            self.journal.begin(record)
        except (JournalFull, NotStorable) as problem:
            error = WorkflowError.standard("runtime", str(problem))
            raise TaskFailed(error, record.path) from problem

    def finish(
        self,
        record: StepRecord,
        output: Any,
        status: StepStatus = StepStatus.SUCCEEDED,
        error: WorkflowError | None = None,
    ) -> None:
        """Record how a step ended. Raises TaskFailed where its output cannot be stored."""
        record.output = output
        record.error = None if error is None else clean_error(error).as_json()
        try:
            self.journal.finish(record, status, self.now())
        except NotStorable as problem:
            self.journal.drop_what_cannot_be_stored(record)
            raise self.failed(record, WorkflowError.standard("runtime", str(problem))) from problem

    def finished(self, record: StepRecord) -> StepRecord:
        """A finished step of the journal. Raises TaskFailed where it ended the run."""
        if record.status == StepStatus.FAILED and record.output is None:
            raise TaskFailed(WorkflowError(**record.error), record.path)
        return record

    def failed(
        self, record: StepRecord, error: WorkflowError, outcome: Fail | None = None
    ) -> TaskFailed:
        """A step that ends the run, recorded."""
        error = clean_error(replace(error, instance=error.instance or record.path))
        record.output, record.error = None, error.as_json()
        record.started_at = record.started_at or self.now()
        self.journal.finish(record, StepStatus.FAILED, self.now())
        return TaskFailed(error, record.path, fail=outcome)


def _told(tool: Offered) -> dict[str, Any]:
    """What the model is told of a tool."""
    return {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
    }
