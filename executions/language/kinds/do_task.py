"""``do``: tasks in sequence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import Field

from executions.journal.records import StepRecord
from executions.language.checks.document import Keys
from executions.language.model.task import Loose, NamedTask, Pen, PureTask
from executions.language.model.workflow import Workflow
from executions.language.walking.walker import Frame, Walk, Walker


class DoTask(PureTask):
    """Tasks in sequence."""

    kind = "do"

    do: list[NamedTask] = Field(description="a list of tasks")

    @classmethod
    def lists(cls, body: dict[str, Any]) -> Iterator[tuple[Keys, frozenset[str]]]:
        yield ("do",), frozenset()

    def walk(self, walker: Walker, record: StepRecord, frame: Frame) -> Walk:
        walker.journal.begin(record)
        inner = replace(frame, pointer=f"{frame.pointer}/do")
        return (yield from walker.task_list(self.do, inner, record.input))

    def blocks(self, workflow: Workflow) -> Mapping[str, Sequence[NamedTask]]:
        return {"": self.do}

    def draw(self, key: str, pen: Pen) -> Loose:
        return pen.block(self.do, key, [(key, "")])
