"""``for``: a block once per item. The items are read once and recorded; each ``while`` is decided once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from executions.errors import WorkflowError
from executions.journal.paths import iteration_path
from executions.journal.records import StepRecord
from executions.language import ForTask
from executions.language.walking.requests import TaskFailed
from executions.language.walking.walker import END, Frame, Walk, Walker
from executions.states import StepStatus


def walk_for(walker: Walker, task: ForTask, record: StepRecord, frame: Frame) -> Walk:
    if "items" not in record.control:
        record.control["items"] = _items(frame.scope.evaluate(task.for_.in_, record.input), record.path, frame)
        walker.journal.begin(record)
    data = record.input
    for index, item in enumerate(record.control["items"]):
        scope = frame.scope.including(**{task.for_.each: item, task.for_.at: index, "context": walker.context})
        path = iteration_path(record.path, index)
        if task.while_ is not None and not _goes_on(walker, task.while_, path, scope.including(input=data), data):
            break
        inner = replace(frame, path=path, pointer=f"{frame.pointer}/do", scope=scope)
        data, flow = yield from walker.task_list(task.do, inner, data)
        if flow == END:
            return data, END
    return data, None


def _items(found: Any, path: str, frame: Frame) -> list[Any]:
    if isinstance(found, list):
        return found
    if isinstance(found, dict):
        return [{"key": key, "value": value} for key, value in found.items()]
    detail = f"`for.in` has to yield a list or an object, it yielded {_kind_of(found)}."
    raise TaskFailed(WorkflowError.standard("expression", detail, instance=f"{frame.pointer}/for/in"), path)


def _goes_on(walker: Walker, condition: str, path: str, scope: Any, data: Any) -> bool:
    record = walker.journal.get(path)
    if record is None:
        record = StepRecord(path, path.rsplit("/", 1)[1], "iteration", started_at=walker.now())
        record.control["goes_on"] = scope.is_true(condition, data)
        walker.journal.begin(record)
        walker.journal.finish(record, StepStatus.SUCCEEDED, walker.now())
    return bool(record.control["goes_on"])


def _kind_of(value: Any) -> str:
    names = {type(None): "null", bool: "a boolean", str: "text", int: "a number", float: "a number"}
    return names.get(type(value), type(value).__name__)
