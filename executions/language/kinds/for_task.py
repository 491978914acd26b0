"""``for``: a block once per item.

The items are read once and recorded; each ``while`` is decided once.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

from pydantic import Field, model_validator

from executions.calls.parameters import Model
from executions.errors import WorkflowError
from executions.journal.decided import Iteration, Loop
from executions.journal.paths import iteration_path, task_path
from executions.journal.records import StepRecord
from executions.language.checks.document import Keys, TaskPlace, text
from executions.language.checks.formula import Formulae, Formulas, stored
from executions.language.model import policies
from executions.language.model.entries import VariableName
from executions.language.model.task import Blocks, Body, Edges, NamedTask, Pen, PureTask
from executions.language.walking.requests import TaskFailed
from executions.language.walking.scope import Scope
from executions.language.walking.walker import END, Frame, Walk, Walker
from executions.states import StepStatus


class ForEach(Model):
    each: VariableName = "item"
    in_: policies.Formula = Field(
        alias="in", description="an expression that yields the list to go through"
    )
    at: VariableName = "index"

    @model_validator(mode="after")
    def _two_names(self) -> Self:
        if self.each == self.at:
            raise ValueError(f"`each` and `at` cannot both be named `{self.each[:60]}`")
        return self


class ForTask(PureTask):
    """Tasks for each item of a list, one item after the other."""

    kind = "for"
    lists = (("do",),)
    parts = (("@", ""),)

    for_: ForEach = Field(alias="for", description="an object with `in`")
    while_: policies.Formula | None = Field(None, alias="while")
    do: list[NamedTask] = Field(description="a list of tasks")

    @classmethod
    def variables(cls, body: Body, keys: Keys) -> frozenset[str]:
        if "for" not in body:
            return frozenset()
        return frozenset({text(body, "for", "each") or "item", text(body, "for", "at") or "index"})

    @classmethod
    def formulas(cls, task: TaskPlace, found: Formulae) -> Formulas:
        yield from stored(found.always("for", "in"))
        yield from found.always("while", more=cls.variables(task.body, ("do",)))

    def walk(self, walker: Walker, record: StepRecord, frame: Frame) -> Walk:
        decided = Loop.of(record)
        items = decided.items
        if items is None:
            found = frame.scope.evaluate(self.for_.in_, record.input)
            items = decided.items = _items(found, record.path, frame)
            walker.journal.begin(record)
        data = record.input
        for index, item in enumerate(items):
            scope = frame.scope.including(
                **{self.for_.each: item, self.for_.at: index, "context": walker.context}
            )
            path = iteration_path(record.path, index)
            if self.while_ is not None and not _goes_on(
                walker, self.while_, path, scope.including(input=data), data
            ):
                break
            inner = replace(frame, path=path, pointer=f"{frame.pointer}/do", scope=scope)
            data, flow = yield from walker.task_list(self.do, inner, data)
            if flow == END:
                return data, END
        return data, None

    def blocks(self, workflow: Any) -> Blocks:
        return {"@": self.do}

    def next_round(self, record: StepRecord, number: int) -> str | None:
        if number + 1 >= len(Loop.of(record).items or ()):
            return None
        if self.while_ is not None:
            return ""
        return task_path(iteration_path(record.path, number + 1), self.do[0].name, 1)

    def draw(self, key: str, pen: Pen) -> Edges:
        return pen.block(self.do, key, [(key, "each", None)])


def _items(found: Any, path: str, frame: Frame) -> list[Any]:
    if isinstance(found, list):
        return found
    if isinstance(found, dict):
        return [{"key": key, "value": value} for key, value in found.items()]
    detail = f"`for.in` has to yield a list or an object, it yielded {_kind_of(found)}."
    raise TaskFailed(
        WorkflowError.standard("expression", detail, instance=f"{frame.pointer}/for/in"), path
    )


def _goes_on(walker: Walker, condition: str, path: str, scope: Scope, data: Any) -> bool:
    record = walker.journal.get(path)
    if record is None:
        record = StepRecord(path, path.rsplit("/", 1)[1], "iteration", started_at=walker.now())
        Iteration.of(record).goes_on = scope.is_true(condition, data)
        walker.journal.begin(record)
        walker.journal.finish(record, StepStatus.SUCCEEDED, walker.now())
    return bool(Iteration.of(record).goes_on)


def _kind_of(value: Any) -> str:
    names = {type(None): "null", bool: "a boolean", str: "text", int: "a number", float: "a number"}
    return names.get(type(value), type(value).__name__)
