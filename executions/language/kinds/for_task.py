"""``for``: a block once per item.

The items are read once and recorded; each ``while`` is decided once. By ``metadata.parallel``
several are gone through at once: each round is a branch then, which has the loop's own input, and
the output is the list of all outputs.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Self

from pydantic import Field, model_validator

from executions.calls.parameters import Model
from executions.errors import WorkflowError
from executions.journal.decided import Iteration, Loop
from executions.journal.paths import iteration_path, task_path
from executions.journal.records import StepRecord
from executions.language.checks.document import Keys, Outline, TaskPlace, mapping, text
from executions.language.checks.formula import Formulae, Formulas, stored
from executions.language.checks.report import Report
from executions.language.model import policies
from executions.language.model.entries import VariableName
from executions.language.model.task import (
    Blocks,
    Body,
    Edges,
    NamedTask,
    Pen,
    PureTask,
    TaskMetadata,
)
from executions.language.walking.branches import Lane, together
from executions.language.walking.requests import TaskFailed
from executions.language.walking.scope import Scope
from executions.language.walking.walker import END, Frame, Walk, Walker
from executions.states import StepStatus

# Of the rounds of one loop; how many calls of a run are made at once is bounded beside that.
MOST_AT_ONCE = 1_000


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


class ForMetadata(TaskMetadata):
    """Our own settings of a loop."""

    parallel: int | None = Field(
        None, ge=1, le=MOST_AT_ONCE, description="how many items are gone through at once"
    )


class ForTask(PureTask):
    """Tasks for each item of a list, one item after the other or several at once."""

    kind = "for"
    lists = (("do",),)
    parts = (("@", ""),)

    for_: ForEach = Field(alias="for", description="an object with `in`")
    while_: policies.Formula | None = Field(None, alias="while")
    do: list[NamedTask] = Field(description="a list of tasks")
    metadata: ForMetadata = Field(default_factory=ForMetadata)

    @classmethod
    def variables(cls, body: Body, keys: Keys) -> frozenset[str]:
        if "for" not in body:
            return frozenset()
        return frozenset({text(body, "for", "each") or "item", text(body, "for", "at") or "index"})

    @classmethod
    def formulas(cls, task: TaskPlace, formulae: Formulae) -> Formulas:
        yield from stored(formulae.always("for", "in"))
        yield from formulae.always("while", more=cls.variables(task.body, ("do",)))

    @classmethod
    def check(cls, task: TaskPlace, outline: Outline, report: Report) -> None:
        """Report a loop that is to end early and whose rounds do not wait for each other."""
        if (
            "for" in task.body
            and "while" in task.body
            and "parallel" in mapping(task.body, "metadata")
        ):
            report.add(
                (*task.path, "while"),
                "a loop with `metadata.parallel` cannot have `while`: its rounds run beside each"
                " other, so none follows from the one before",
                "either `while` or `metadata.parallel`",
            )

    def walk(self, walker: Walker, record: StepRecord, frame: Frame) -> Walk:
        decided = Loop.of(record)
        items = decided.items
        if items is None:
            collection = frame.scope.evaluate(self.for_.in_, record.input)
            items = decided.items = _items(collection, record.path, frame)
            if self.metadata.parallel is not None:
                decided.parallel = self.metadata.parallel
            walker.journal.begin(record)
        if decided.parallel is not None:
            return (yield from self._at_once(walker, record, frame, items, decided.parallel))
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

    def _at_once(
        self, walker: Walker, record: StepRecord, frame: Frame, items: list[Any], at_once: int
    ) -> Walk:
        lanes = [
            Lane(f"@{index}", f"@{index}", partial(self._round, index, item, record, frame))
            for index, item in enumerate(items)
        ]
        return (yield from together(walker, record, lanes, at_once=at_once))

    def _round(
        self, index: int, item: Any, record: StepRecord, frame: Frame, walker: Walker
    ) -> Walk:
        scope = frame.scope.including(
            **{self.for_.each: item, self.for_.at: index, "context": walker.context}
        )
        inner = replace(
            frame,
            path=iteration_path(record.path, index),
            pointer=f"{frame.pointer}/do",
            scope=scope,
            is_branched=True,
        )
        return walker.task_list(self.do, inner, record.input)

    def blocks(self, workflow: Any) -> Blocks:
        return {"@": self.do}

    def next_round(self, record: StepRecord, number: int) -> str | None:
        if Loop.of(record).parallel is not None:
            return ""
        if number + 1 >= len(Loop.of(record).items or ()):
            return None
        if self.while_ is not None:
            return ""
        return task_path(iteration_path(record.path, number + 1), self.do[0].name, 1)

    def draw(self, key: str, pen: Pen) -> Edges:
        return pen.block(self.do, key, [(key, "each", None)])


def _items(collection: Any, path: str, frame: Frame) -> list[Any]:
    if isinstance(collection, list):
        return collection
    if isinstance(collection, dict):
        return [{"key": key, "value": value} for key, value in collection.items()]
    detail = f"`for.in` has to yield a list or an object, it yielded {_kind_of(collection)}."
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
