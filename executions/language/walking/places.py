"""Which task of a definition stands behind a step's path; used where a journal meets a definition
without a walk.
"""

from __future__ import annotations

from collections.abc import Sequence

from executions.calls.kind import CallKind, Effect
from executions.calls.table import EVERY_CALL
from executions.journal.paths import unescape
from executions.language.model.task import NamedTask, Task
from executions.language.model.workflow import Workflow


def task_at(workflow: Workflow, path: str) -> Task | None:
    """The task that a path leads to; None where the definition has no such place."""
    task: Task | None = workflow.step_at(path)
    if task is not None:
        return task
    tasks: Sequence[NamedTask] = workflow.do
    for segment in path.split("/")[1:]:
        if "@" in segment:
            tasks = block(workflow, task, segment)
            continue
        name = unescape(segment.partition("#")[0])
        task = next((named.task for named in tasks if named.name == name), None)
        if task is None:
            return None
        tasks = block(workflow, task, "")
    return task


def block(workflow: Workflow, task: Task | None, segment: str) -> Sequence[NamedTask]:
    """The list of tasks inside ``task`` that a segment of a path names: ``@3``, ``try@2``, or none
    for the one that stands right below it.
    """
    part, counted, _ = segment.partition("@")
    return () if task is None else task.blocks(workflow).get(part + counted, ())


def effect_at(workflow: Workflow, path: str, arguments: object) -> Effect:
    """What running this step does to the world."""
    task = task_at(workflow, path)
    return "pure" if task is None else task.effect(arguments)


def call_at(workflow: Workflow, path: str) -> CallKind | None:
    """The kind of the call at this path; None where none stands there."""
    return EVERY_CALL.get(getattr(task_at(workflow, path), "call", ""))
