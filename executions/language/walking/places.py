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
from executions.pointers import pointer_of


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


def pointer_at(workflow: Workflow, path: str) -> str:
    """The JSON pointer of the task into the definition; the path itself where the definition has no
    such place.
    """
    task: Task | None = None
    tasks: Sequence[NamedTask] = workflow.do
    pointer, part = "/do", ""
    for segment in path.split("/")[1:]:
        if "@" in segment:
            tasks, part = block(workflow, task, segment), segment.partition("@")[0] + "@"
            continue
        if task is not None:
            tasks = tasks if part else block(workflow, task, "")
            pointer = pointer + _inside(task, part) if task.lists else "/use/functions"
        name = unescape(segment.partition("#")[0])
        index = next((at for at, each in enumerate(tasks) if each.name == name), None)
        if index is None:
            return path
        pointer += pointer_of((index, name) if task is None or task.lists else (name,))
        task, part = tasks[index].task, ""
    return pointer


def _inside(task: Task, part: str) -> str:
    """The keys, in a task, of the list to which this part of a path leads."""
    parts = [each for each, _ in task.parts] or [""]
    keys = dict(zip(parts, task.lists, strict=False)).get(part, ())
    return pointer_of(keys)


def effect_at(workflow: Workflow, path: str, arguments: object) -> Effect:
    """The effect of this step on the world."""
    task = task_at(workflow, path)
    return "pure" if task is None else task.effect(arguments)


def call_at(workflow: Workflow, path: str) -> CallKind | None:
    """The kind of the call at this path; None where none stands there."""
    return EVERY_CALL.get(getattr(task_at(workflow, path), "call", ""))
