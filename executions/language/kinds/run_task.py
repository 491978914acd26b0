"""``run``: another workflow, as a run of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from pydantic import Field

from executions.calls.kind import Effect
from executions.calls.outcome import Done, Fail
from executions.calls.parameters import Model
from executions.journal.decided import Child
from executions.journal.records import StepRecord
from executions.language.checks.document import TaskPlace
from executions.language.checks.formula import Formulae, Formulas, stored
from executions.language.model.task import TaskBase
from executions.language.walking.requests import Spawn, TaskFailed
from executions.language.walking.walker import Frame, Walk, Walker


class OtherWorkflow(Model):
    """Which workflow, and what it is given."""

    namespace: str = Field(min_length=1, description="the namespace of the workflow")
    name: str = Field(min_length=1, description="the name of the workflow")
    version: str = Field(
        "latest", min_length=1, description="the version of its document; the newest by default"
    )
    input: Any = Field(None, description="what it is given, with expressions")


class Run(Model):
    """A workflow that runs as a run of its own."""

    not_yet: ClassVar[tuple[str, ...]] = ("container", "script", "shell", "return")

    workflow: OtherWorkflow = Field(description="an object with `namespace` and `name`")
    await_: bool = Field(True, alias="await", description="whether its end is waited for")


class RunTask(TaskBase):
    """Another workflow, as a run of its own that is waited for or let go."""

    kind = "run"

    run: Run = Field(description="an object with `workflow`")

    @classmethod
    def formulas(cls, task: TaskPlace, found: Formulae) -> Formulas:
        yield from stored(found.template("run", "workflow", "input"))

    def effect(self, arguments: Any) -> Effect:
        return "idempotent"

    def walk(self, walker: Walker, record: StepRecord, frame: Frame) -> Walk:
        if record.arguments is None:
            walker.check_limits(frame, frame.path)
            record.generation = max(record.generation, walker.facts.run.generation)
            record.arguments = self._resolve(record, frame)
        walker.journal.begin(record)
        limit = frame.nearest_limit()
        outcome: Done | Fail = yield Spawn(record, self.run.await_, limit.at if limit else None)
        if isinstance(outcome, Done):
            return outcome.output, None
        if limit is not None and walker.now() >= limit.at and Child.of(record).child is not None:
            raise walker.timed_out(limit, record.path)
        error = replace(outcome.error, instance=outcome.error.instance or frame.pointer)
        raise TaskFailed(error, record.path, fail=outcome)

    def _resolve(self, record: StepRecord, frame: Frame) -> dict[str, Any]:
        wanted = self.run.workflow
        found = {"namespace": wanted.namespace, "name": wanted.name, "version": wanted.version}
        if "input" in wanted.model_fields_set:
            found["input"] = frame.scope.resolve(wanted.input, record.input)
        return found
