"""The walk of an agent: ask the model, make the calls that it wants, ask again.

It yields the requests of any walk (:mod:`executions.language.walking.requests`); a finished step is
answered from the journal, so that no turn is paid for and no tool is called a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from executions.agents import answering, paths, skills, stored, todos
from executions.agents.calling import Calling
from executions.agents.conversation import Conversation
from executions.agents.going_on import GoingOn
from executions.agents.program import MAKE_WORKSPACE, AgentProgram
from executions.agents.stepping import Stepping, Walk
from executions.agents.tools import Offered, loaded, reader_of_results
from executions.agents.turns import Turns
from executions.calls.agent.limits import RunLimits
from executions.calls.outcome import Fail
from executions.errors import NotStorable
from executions.journal.decided import Forked, Task
from executions.journal.paths import WORKSPACE
from executions.journal.records import StepRecord
from executions.journal.replay import Journal
from executions.language.model.workspace import WorkspaceSettings, arguments_of
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
from executions.mind.messages import Message, added, calls_of, digest, text_of, user
from executions.states import StepStatus
from executions.values import storable


def _workspace_arguments(workspace: WorkspaceSettings | str | None) -> dict[str, Any]:
    arguments = arguments_of(workspace)
    if isinstance(workspace, WorkspaceSettings) and workspace.remake_after is not None:
        arguments["remakeAfterSeconds"] = workspace.remake_after.seconds
    return arguments


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The functions that the walk is handed. ``begin`` reads what a run begins with (instructions,
    tools); it is asked once in the life of a run and raises TaskFailed. ``history`` gives, of that,
    the messages of the runs that this one goes on from. ``hide`` takes secrets out of a text;
    ``skill`` gives the text of a skill by its digest, None where it is not there any more. ``keep``
    keeps a large value beside the steps and gives its digest, ``stored`` its text by how its digest
    begins. ``is_taken_back`` tells whether the approval of a tool, given at a moment, counts no
    more for the question at a path. ``said`` gives the messages that came while the run worked, but
    those taken, for the step at a path.
    """

    begin: Callable[[], dict[str, Any]]
    history: Callable[[dict[str, Any]], Sequence[Message]]
    hide: Callable[[str], str] = str
    skill: Callable[[str], str | None] = lambda digest: None
    keep: Callable[[Any], str] = lambda value: ""
    stored: Callable[[str], str | None] = lambda begins: None
    is_taken_back: Callable[[str, str, str], bool] = lambda tool, since, path: False
    said: Callable[[str, Collection[str]], list[dict[str, Any]]] = lambda path, taken: []


def _given(input: Any) -> RunLimits | None:
    """The limits that a run was given beside its agent's."""
    limits = input.get("limits") if isinstance(input, dict) else None
    return None if limits is None else RunLimits.model_validate(limits)


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
        self.surroundings = surroundings
        self.limits = self.agent.limits.under(_given(facts.input))
        self._going_on = GoingOn(self, self.limits)
        # Tools that a person has approved for the rest of the run, and when.
        self.approved: dict[str, str] = {}
        self.tools: dict[str, Offered] = {}
        self.skills: dict[str, skills.SkillTaken] = {}
        # The first untrusted tool that the run has read from: from then on whatever may destroy or
        # send something asks a person, since the model may have been talked into it.
        self.tainted_by = ""
        # State that these keep between calls is lost when they start anew.
        self.servers_called: set[str] = set()
        # The share of each agent, and each workflow, to whom this turn hands work.
        self.share: dict[str, Any] = {}
        self._items: list[str] = []
        # Messages that came while it worked and are part of the conversation now, by id.
        self._taken: set[str] = set()

    def run(self, limit_at: datetime | None) -> Generator[Request, Any, Ended]:
        """Walk from the top. An agent has no time limit of its own; what it may use is counted."""
        try:
            output = yield from self._run()
        except TaskFailed as failure:
            return Failed(failure.error, failure.path or None)
        return Completed(output)

    def _run(self) -> Walk:
        start = yield from self._start()
        if self.agent.has_workspace:
            yield from self._workspace()
        self.tools, self.skills = loaded(start["tools"]), skills.loaded(start)
        hide, history = self.surroundings.hide, self.surroundings.history(start)
        if any(each["role"] == "tool" and stored.is_told_in(each["text"]) for each in history):
            self._offer_reader()
        if self.agent.trust != "all":
            before = start.get("goes_on_from") or {}
            tainted_by = self.facts.input.get("tainted_by") or before.get("tainted_by")
            self.tainted_by = str(tainted_by or "")
        self._conversation = Conversation(digest(start), history, hide)
        self._conversation.add("", user(str(self.facts.input["message"])))
        turns = Turns(
            self,
            self.agent,
            self._going_on,
            self._conversation,
            model=str(self.facts.input.get("model") or start["model"]),
            instructions=hide(
                str(start["instructions"]) + skills.instructions([*self.skills.values()])
            ),
            tools=self.tools,
        )
        number = 0
        while True:
            number += 1
            yield from self._hear(number)
            yield from self._going_on.within_limits("turns", "tokens", "cost", "seconds")
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
            elif not (yield from turns.check(number, message)) and not self._more_said(number + 1):
                return self._output(message)

    def _hear(self, number: int) -> Walk:
        """Take what a person said meanwhile; a turn that has begun was asked without it."""
        path = paths.said_path(number)
        record = self.journal.get(path)
        if record is None and paths.turn_path(number) in self.journal.steps:
            return
        if record is None or not record.is_finished():
            messages = self.surroundings.said(path, self._taken)
            if not messages:
                return
            hidden = [each | {"text": self.surroundings.hide(each["text"])} for each in messages]
            record = StepRecord(path, "Said meanwhile", "input", started_at=self.now())
            self.finish(record, {"messages": hidden})
            yield Breathe()
        for each in self.finished(record).output["messages"]:
            self._taken.add(each["id"])
            self._conversation.add(path, user(each["text"]))

    def _more_said(self, number: int) -> bool:
        path = paths.said_path(number)
        is_known = path in self.journal.steps
        return is_known or bool(self.surroundings.said(path, self._taken))

    def _start(self) -> Walk:
        record = self.journal.get(paths.START)
        if record is not None and record.is_finished():
            return self.finished(record).output
        record = record or StepRecord(paths.START, "Start", "input", started_at=self.now())
        try:
            output = self.surroundings.begin()
        except TaskFailed as failure:
            raise self.failed(record, failure.error) from failure
        self.finish(record, output)
        yield Breathe()
        return output

    def _workspace(self) -> Walk:
        """The folder in which its commands work, made once."""
        record = self.journal.get(WORKSPACE)
        if record is not None and record.is_finished():
            self.finished(record)
            return
        record = record or StepRecord(WORKSPACE, "workspace", "call")
        if record.arguments is None:
            record.arguments = _workspace_arguments(self.agent.workspace)
        outcome = yield from self.effect(record, MAKE_WORKSPACE, record.arguments)
        if isinstance(outcome, Fail):
            raise self.failed(record, outcome.error, outcome)
        self.finish(record, outcome.output)
        yield Breathe()

    def _calls(self, turn: int, calls: Sequence[dict[str, Any]]) -> Walk:
        yield from self._going_on.within_limits("calls", "cost", "seconds")
        fork_record = self._around(turn, len(calls))
        callings = [Calling(self, turn, place, call) for place, call in enumerate(calls, start=1)]
        handed = sum(
            tool.kind in ("agent", "workflow")
            for call in calls
            if (tool := self.tools.get(call["name"]))
        )
        self.share = self._share(max(handed, 1))
        results = yield from self._results(fork_record, callings)
        for calling, result in zip(callings, results, strict=True):
            self._conversation.add(calling.path, result)
            self._items = todos.lines(calling.shown_name, calling.written, self._items)
            self.done += 1
            self._going_on.spent.took_call(calling.record)
            if stored.kept(calling.record.output) is not None:
                self._offer_reader()
            if self.agent.trust != "all":
                self.tainted_by = self.tainted_by or calling.taint()
            arguments = calling.record.arguments
            if isinstance(arguments, dict) and "server" in arguments:
                self.servers_called.add(str(arguments["server"]))
            yield from self._going_on.look_at_call(
                turn, calling.shown_name, calling.written, result, is_bad=calling.is_bad
            )

    def _share(self, count: int) -> dict[str, Any]:
        """The share of each to whom work is handed now; several share the rest of the limits."""
        share: dict[str, Any] = {"depth": max(0, self.limits.depth - 1)}
        for name, least in (("tokens", 1), ("seconds", 1), ("cost", Decimal("0.000001"))):
            rest = self._going_on.spent.left(name)
            if rest is not None:
                part = rest // count if isinstance(rest, int) else float(rest / count)
                share[name] = max(part, type(part)(least))
        return share

    def keep(self, record: StepRecord, output: Any, text: str) -> None:
        """Finish a step whose result is too large for it. Raises TaskFailed."""
        try:
            storable(output, limit_bytes=2 * stored.MOST_BYTES)
        except NotStorable:
            # The journal says what is wrong with it.
            self.finish(record, output)
        else:
            digest = self.surroundings.keep(output)
            self.finish(record, stored.stand_in(digest, output, text))

    def _offer_reader(self) -> None:
        if not any(tool.kind == "stored" for tool in self.tools.values()):
            tool = reader_of_results(self.tools)
            self.tools[tool.name] = tool

    def _around(self, turn: int, count: int) -> StepRecord | None:
        """The step around several calls of a turn; a single one has none."""
        path = paths.calls_path(turn)
        if count == 1:
            return None
        return self.journal.get(path) or StepRecord(path, f"Calls of turn {turn}", "fork")

    def _results(self, record: StepRecord | None, callings: Sequence[Calling]) -> Walk:
        """The results of the calls. Several run beside each other, and are asked about together."""
        if record is not None and not record.is_finished():
            record.started_at = record.started_at or self.now()
            Forked.of(record).branches, self.journal.has_forked = len(callings), True
            self.begin(record)
            joined: Joined = yield Fork(
                record, [Branch(calling.path, calling.result) for calling in callings]
            )
            if joined.failures:
                raise self._branches_failed(record, joined)
            self.finish(record, None)
            yield Breathe()
            return [joined.results[place] for place in range(len(callings))]
        if record is not None:
            self.finished(record)
        results = []
        for calling in callings:
            results.append((yield from calling.result()))
        return results

    def _branches_failed(self, record: StepRecord, joined: Joined) -> TaskFailed:
        failures = sorted(joined.failures.items())
        failure = failure_of([(str(place + 1), why) for place, why in failures])
        Task.of(record).failed = list(failure.paths)
        record.error = failure.error.as_json()
        self.journal.finish(record, StepStatus.FAILED, self.now())
        return failure

    def _output(self, message: Message) -> dict[str, Any]:
        spent = self._going_on.spent
        return {
            "text": text_of(message),
            "data": None if self.agent.output is None else answering.read(text_of(message)),
            "usage": added([self._conversation.usage(), *spent.handed]),
            "cost": spent.cost(self._conversation.cost()),
            "turns": spent.used["turns"],
            "tool_calls": spent.used["calls"],
            **({"tainted_by": self.tainted_by} if self.tainted_by else {}),
        }
