"""Which task of a definition stands behind a step's path; used where a journal meets a definition without a walk."""

from __future__ import annotations

from collections.abc import Sequence

from executions.calls.python import functions
from executions.journal.paths import unescape
from executions.language import CallTask, DoTask, ForTask, NamedTask, Task, TryTask, Workflow

EFFECTS = ("http", "python")


def task_at(workflow: Workflow, path: str) -> Task | None:
    """The task that a path leads to; None where the definition has no such place."""
    task: Task | None = None
    tasks: Sequence[NamedTask] = workflow.do
    for segment in path.split("/")[1:]:
        if "@" in segment:
            tasks = _block(task, segment)
            continue
        name = unescape(segment.partition("#")[0])
        if isinstance(task, CallTask):
            task, tasks = (workflow.use.functions.get(name) if name == task.call else None), ()
        else:
            found = next((named for named in tasks if named.name == name), None)
            task = None if found is None else found.task
        if task is None:
            return None
        tasks = task.do if isinstance(task, DoTask) else ()
    return task


def _block(task: Task | None, segment: str) -> Sequence[NamedTask]:
    kind = segment.partition("@")[0]
    if isinstance(task, ForTask) and kind == "":
        return task.do
    if isinstance(task, TryTask):
        return task.try_ if kind == "try" else task.catch.do or ()
    return ()


def effect_at(workflow: Workflow, path: str, arguments: object) -> str:
    """``idempotent``, ``at_most_once``, ``transactional`` or ``pure``: what running this step does to the world."""
    task = task_at(workflow, path)
    if not isinstance(task, CallTask) or task.call not in EFFECTS:
        return "pure"
    if task.metadata.effect is not None:
        return str(task.metadata.effect)
    if task.call == "python" and isinstance(arguments, dict):
        function = functions.registered().get(str(arguments.get("function")))
        if function is not None:
            return str(function.effect)
    return "idempotent"
