"""How a walk of an agent makes a step: begun, carried out, finished or failed, all written down."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import datetime
from typing import Any

from executions.agents.program import QUESTION, AgentTask
from executions.calls.outcome import Done, Fail
from executions.errors import NotStorable, WorkflowError
from executions.journal import operation
from executions.journal.decided import Call
from executions.journal.records import StepRecord
from executions.journal.replay import Journal, JournalFull
from executions.language.walking.requests import Breathe, Effect, Request, TaskFailed
from executions.language.walking.scope import Facts
from executions.states import StepStatus
from executions.values import clean_error

Walk = Generator[Request, Any, Any]


class Stepping:
    """Makes the steps of one run in its journal."""

    def __init__(self, journal: Journal, facts: Facts, now: Callable[[], datetime]) -> None:
        self.journal, self.facts, self.now = journal, facts, now
        self._scope = facts.scope()

    def effect(
        self, record: StepRecord, task: AgentTask, written: dict[str, Any]
    ) -> Generator[Request, Any, Done | Fail]:
        """Begin the step, which has its arguments, and have it carried out."""
        record.started_at = record.started_at or self.now()
        if Call.of(record).key is None:
            operation.begin(record, (), self.facts.run, lambda record: None)
        else:
            operation.adopt(record, self.facts.run)
        self.begin(record)
        outcome: Done | Fail = yield Effect(
            record, task, task.call, written, None, False, self._scope, None
        )
        return outcome

    def asked(self, record: StepRecord) -> Walk:
        """The answer of a person to the question that the arguments of this step hold."""
        if not record.is_finished():
            outcome = yield from self.effect(record, QUESTION, record.arguments)
            if isinstance(outcome, Fail):
                raise self.failed(record, outcome.error, outcome)
            self.finish(record, outcome.output)
            yield Breathe()
        return self.finished(record).output

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
