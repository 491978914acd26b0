"""``do``: tasks in sequence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import Field

from executions.journal.records import StepRecord
from executions.language.model.task import Blocks, Edges, NamedTask, Pen, PureTask
from executions.language.walking.walker import Frame, Walk, Walker


class DoTask(PureTask):
    """Tasks in sequence."""

    kind = "do"
    lists = (("do",),)

    do: list[NamedTask] = Field(description="a list of tasks")

    def walk(self, walker: Walker, record: StepRecord, frame: Frame) -> Walk:
        walker.journal.begin(record)
        inner = replace(frame, pointer=f"{frame.pointer}/do")
        return (yield from walker.task_list(self.do, inner, record.input))

    def blocks(self, workflow: Any) -> Blocks:
        return {"": self.do}

    def draw(self, key: str, pen: Pen) -> Edges:
        return pen.block(self.do, key, [(key, "", None)])
