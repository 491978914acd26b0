"""``fork``: branches beside each other, joined, or the first of them to succeed.

The output of a join is the list of what the branches gave, in their order.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from pydantic import ConfigDict, Field

from executions.calls.parameters import Model
from executions.journal.paths import escape, task_path
from executions.journal.records import StepRecord
from executions.language.model.task import Blocks, Edges, NamedTask, Pen, PureTask
from executions.language.walking.branches import Lane, together
from executions.language.walking.walker import Frame, Walk, Walker
from executions.pointers import pointer_of


class Branches(Model):
    """The branches that run beside each other."""

    model_config = ConfigDict(defer_build=True)

    branches: list[NamedTask] = Field(min_length=1, description="a list of tasks, one a branch")
    compete: bool = Field(
        False, description="whether the first branch to succeed wins and the others are cancelled"
    )


class ForkTask(PureTask):
    """Branches that run at the same time: all of them, or until the first has succeeded."""

    kind = "fork"
    lists = (("fork", "branches"),)
    forks = True

    fork: Branches = Field(description="an object with `branches`")

    def walk(self, walker: Walker, record: StepRecord, frame: Frame) -> Walk:
        walker.journal.begin(record)
        inner = replace(frame, is_branched=True)
        lanes = [
            Lane(each.name, escape(each.name), partial(self._branch, each, index, record, inner))
            for index, each in enumerate(self.fork.branches)
        ]
        return (yield from together(walker, record, lanes, compete=self.fork.compete))

    def _branch(
        self, task: NamedTask, index: int, record: StepRecord, frame: Frame, walker: Walker
    ) -> Walk:
        path = task_path(record.path, task.name, 1)
        pointer = f"{frame.pointer}/fork/branches" + pointer_of((index, task.name))
        return walker.task(task, path, pointer, frame, record.input)

    def blocks(self, workflow: Any) -> Blocks:
        return {"": self.fork.branches}

    def draw(self, key: str, pen: Pen) -> Edges:
        loose: Edges = []
        for branch in self.fork.branches:
            loose += pen.block([branch], key, [(key, "", None)])
        return loose
