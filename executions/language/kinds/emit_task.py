"""``emit``: an event, kept with the step that emits it."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from executions.calls.kind import Effect
from executions.calls.parameters import Model
from executions.correlation.envelope import SPECVERSION, NoEvent, check_not_own, checked
from executions.errors import WorkflowError
from executions.journal import operation
from executions.journal.records import StepRecord
from executions.language.checks.document import Outline, TaskPlace, at
from executions.language.checks.formula import Formulae, Formulas, stored
from executions.language.checks.report import Report
from executions.language.model.events import EventAttributes, check_attributes
from executions.language.model.task import TaskBase
from executions.language.walking.requests import Emit, TaskFailed
from executions.language.walking.walker import Frame, Walk, Walker
from executions.values import timestamp


class EventToEmit(Model):
    """The event."""

    with_: EventAttributes = Field(alias="with", description="an object with `type`")


class Emission(Model):
    """The event that is emitted."""

    event: EventToEmit = Field(description="an object with `with`")


class EmitTask(TaskBase):
    """An event that those who listen hear."""

    kind = "emit"

    emit: Emission = Field(description="an object with `event`")

    @classmethod
    def formulas(cls, task: TaskPlace, formulae: Formulae) -> Formulas:
        yield from stored(formulae.template("emit", "event", "with"))

    @classmethod
    def check(cls, task: TaskPlace, outline: Outline, report: Report) -> None:
        place = (*task.path, "emit", "event", "with")
        attributes = at(task.body, "emit", "event", "with")
        check_attributes(place, attributes, report)
        if isinstance(attributes, dict) and "type" not in attributes:
            report.add(place, "an event that is emitted has a `type`", "`type`")

    def effect(self, arguments: Any) -> Effect:
        return "idempotent"

    def walk(self, walker: Walker, record: StepRecord, frame: Frame) -> Walk:
        if record.arguments is None:
            walker.check_limits(frame, frame.path)
            record.generation = max(record.generation, walker.facts.run.generation)
            record.arguments = self._envelope(walker, record, frame)
        walker.journal.begin(record)
        yield Emit(record, record.arguments)
        return record.input, None

    def _envelope(self, walker: Walker, record: StepRecord, frame: Frame) -> dict[str, Any]:
        document = walker.workflow.document
        key = operation.key_for(walker.facts.run, record.path, record.generation)
        attributes = frame.scope.resolve(self.emit.event.with_, record.input)
        envelope = {
            "specversion": SPECVERSION,
            "id": key,
            "source": f"/workflows/{document.namespace}/{document.name}",
            "time": timestamp(walker.now()),
            **attributes,
        }
        try:
            event = checked(envelope)
            check_not_own(event)
            return event
        except NoEvent as problem:
            error = WorkflowError.standard(
                "validation", f"The event cannot be emitted: {problem}.", instance=frame.pointer
            )
            raise TaskFailed(error, record.path) from problem
