"""Which task comes after a finished one, as far as the definition and the journal tell without a
walk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from executions.journal.decided import Task
from executions.journal.paths import task_path, unescape
from executions.journal.records import StepRecord
from executions.language.model.task import NamedTask
from executions.language.model.workflow import Workflow
from executions.language.walking.places import block, task_at

Records = Mapping[str, StepRecord]
_NOWHERE = ("end", "exit")


def first(workflow: Workflow) -> str:
    """The path of the first task."""
    own = workflow.first_path()
    if own is not None:
        return own
    return task_path("", workflow.do[0].name, 1) if workflow.do else ""


def after(workflow: Workflow, records: Records, path: str) -> str:
    """The path of the task that comes after the finished step at ``path``.

    Empty where nothing follows, and where only the run itself can tell (a condition that was not
    asked yet). A task that its own ``if`` leaves out may still be named.
    """
    own = workflow.path_after(records, path)
    if own is not None:
        return own
    tasks, parent = _list_around(workflow, path)
    if parent and "@" not in parent.rpartition("/")[2]:
        around = task_at(workflow, parent)
        if around is not None and around.forks:
            # The other branches go on beside it.
            return ""
    name = unescape(path.rpartition("/")[2].partition("#")[0])
    index = next((index for index, named in enumerate(tasks) if named.name == name), None)
    if index is None:
        return ""
    chosen = _directive(records.get(path), tasks[index])
    if chosen == "end":
        return ""
    if chosen == "continue" and index + 1 < len(tasks):
        return _visited_next(records, parent, tasks[index + 1].name)
    if chosen not in ("continue", *_NOWHERE):
        return _visited_next(records, parent, chosen)
    return _after_list(workflow, records, parent)


def _directive(record: StepRecord | None, named: NamedTask) -> str:
    flow = Task.of(record).flow if record is not None else None
    return str(flow or named.task.then or "continue")


def _visited_next(records: Records, parent: str, name: str) -> str:
    visit = 1
    while (
        record := records.get(task_path(parent, name, visit))
    ) is not None and record.is_finished():
        visit += 1
    return task_path(parent, name, visit)


def _after_list(workflow: Workflow, records: Records, parent: str) -> str:
    """The step after the last task of the list inside ``parent``: of a loop its next round."""
    if not parent:
        return ""
    around, _, segment = parent.rpartition("/")
    if "@" not in segment:
        return after(workflow, records, parent)
    task, record = task_at(workflow, around), records.get(around)
    following = task.next_round(record, int(segment.partition("@")[2])) if task and record else None
    return after(workflow, records, around) if following is None else following


def _list_around(workflow: Workflow, path: str) -> tuple[Sequence[NamedTask], str]:
    """The list that holds the task at ``path``, and the path of what holds the list."""
    parent = path.rpartition("/")[0]
    if not parent:
        return workflow.do, ""
    around, _, segment = parent.rpartition("/")
    if "@" in segment:
        return block(workflow, task_at(workflow, around), segment), parent
    return block(workflow, task_at(workflow, parent), ""), parent
