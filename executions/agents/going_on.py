"""Whether a run goes on: at its limits, in circles, or lost, a person is asked."""

from __future__ import annotations

from typing import Any

from executions.agents import asking, paths
from executions.agents.limits import Spent, amount
from executions.agents.program import QUESTION
from executions.agents.stepping import Stepping, Walk
from executions.calls.agent.limits import RunLimits
from executions.calls.outcome import Fail
from executions.errors import WorkflowError
from executions.journal.records import StepRecord
from executions.language.walking.requests import Breathe
from executions.mind.messages import Message


class GoingOn:
    """The amounts that one run has used, and the questions whether it goes on."""

    def __init__(self, stepping: Stepping, limits: RunLimits) -> None:
        self._stepping = stepping
        self.spent = Spent(limits)

    def within_limits(self, *names: str) -> Walk:
        """A person is asked where one of these is used up. Raises TaskFailed."""
        if "cost" in names and self.spent.is_cost_hidden():
            warning = "The cost of a model that was asked is not known, so its limit is not kept."
            yield from self.ask(
                "unknown_cost", 1, f"{warning} Shall it go on all the same?", warning
            )
        while (reached := self.spent.reached(names)) is not None:
            more = amount(self.spent.first(reached.what))
            question = f"{reached.sentence()} Shall it go on with {more} more?"
            number = self.spent.allowed[reached.what]
            yield from self.ask(reached.what, number, question, reached.sentence())
            self.spent.allow_more(reached.what)

    def look_at_call(
        self, turn: int, name: str, written: Any, result: Message, *, is_bad: bool
    ) -> Walk:
        """Whether the run goes in circles, or is lost, after this call. Raises TaskFailed."""
        if self.spent.goes_in_circles(name, written, result):
            reason = f"The agent has called {name} three times with the same result."
            yield from self.ask("loop", turn, f"{reason} Shall it go on?", reason)
        if self.spent.is_lost(bad=is_bad):
            reason = "Three calls in a row named no tool, or did not fit the tool that they named."
            yield from self.ask("confused", turn, f"{reason} Shall it go on?", reason)

    def ask(self, limit: str, number: int, question: str, reason: str) -> Walk:
        """Ask whether the run shall go on. Raises TaskFailed where a person stops it."""
        stepping, path = self._stepping, paths.limit_path(limit, number)
        record = stepping.journal.get(path)
        if record is None:
            record = StepRecord(path, f"Limit: {limit}", "call", started_at=stepping.now())
            record.arguments = asking.shall_go_on(question)
        if record.is_finished():
            stepping.finished(record)
            return
        outcome = yield from stepping.effect(record, QUESTION, record.arguments)
        if isinstance(outcome, Fail):
            raise stepping.failed(record, outcome.error, outcome)
        if outcome.output["outcome"] != asking.GO_ON:
            reviewer = outcome.output["reviewer"]
            error = WorkflowError.standard("runtime", f"{reason} {reviewer} stopped the run there.")
            raise stepping.failed(record, error)
        stepping.finish(record, outcome.output)
        yield Breathe()
