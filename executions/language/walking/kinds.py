"""How each kind of task is walked. A function takes the walker, the task, its record and its surroundings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from executions.calls.outcome import Done, Fail
from executions.errors import WorkflowError
from executions.expressions import is_expression
from executions.journal import operation
from executions.journal.records import StepRecord
from executions.language import CallTask, DoTask, RaiseTask, SetTask, SwitchTask, WaitTask
from executions.language.walking import late
from executions.language.walking.kind_for import walk_for
from executions.language.walking.kind_try import walk_try
from executions.language.walking.requests import Effect, Park, TaskFailed
from executions.language.walking.walker import Frame, Walk, Walker
from executions.states import StepStatus

EFFECTS = ("http", "python")


def walk_set(walker: Walker, task: SetTask, record: StepRecord, frame: Frame) -> Walk:
    walker.journal.begin(record)
    yield from ()
    return frame.scope.transform(task.set, record.input), None


def walk_switch(walker: Walker, task: SwitchTask, record: StepRecord, frame: Frame) -> Walk:
    """The first case whose ``when`` holds; the one without ``when`` where none does."""
    taken = None
    for named in task.switch:
        if named.case.when is None:
            taken = taken or named
        elif frame.scope.is_true(named.case.when, record.input):
            taken = named
            break
    record.control["case"] = taken.name if taken else None
    record.control["flow"] = (taken.case.then or "continue") if taken else None
    walker.journal.begin(record)
    yield from ()
    return record.input, record.control["flow"]


def walk_do(walker: Walker, task: DoTask, record: StepRecord, frame: Frame) -> Walk:
    walker.journal.begin(record)
    inner = replace(frame, pointer=f"{frame.pointer}/do")
    return (yield from walker.task_list(task.do, inner, record.input))


def walk_raise(walker: Walker, task: RaiseTask, record: StepRecord, frame: Frame) -> Walk:
    walker.journal.begin(record)
    yield from ()
    definition = walker.workflow.error_definition(task.raise_.error)
    found = frame.scope.resolve(definition.model_dump(by_alias=True, exclude_none=True), record.input)
    raise TaskFailed(
        WorkflowError(
            type=str(found["type"]),
            status=int(found["status"]),
            title=str(found.get("title", "")),
            detail=str(found.get("detail", "")),
            instance=str(found.get("instance") or frame.pointer),
        ),
        record.path,
    )


def walk_wait(walker: Walker, task: WaitTask, record: StepRecord, frame: Frame) -> Walk:
    if "until" not in record.control:
        seconds = frame.scope.seconds_of(task.wait, record.input)
        record.control["until"] = (walker.now() + timedelta(seconds=seconds)).isoformat()
        walker.journal.begin(record)
    until = datetime.fromisoformat(record.control["until"])
    while walker.now() < until:
        walker.check_limits(frame)
        limit = frame.nearest_limit()
        wake_at = min(until, limit.at) if limit else until
        record.status, record.wake_at = StepStatus.WAITING, wake_at
        walker.journal.begin(record)
        yield Park(record, "timer", wake_at)
    return record.input, None


def walk_call(walker: Walker, task: CallTask, record: StepRecord, frame: Frame) -> Walk:
    if task.call not in EFFECTS:
        return (yield from _walk_function(walker, task, record, frame))
    walker.check_limits(frame)
    if record.arguments is None:
        tries = walker.journal.tries_of(record.path)
        operation.begin(record, tries, walker.facts.run, partial(_resolve, walker, task, frame))
    else:
        operation.adopt(record, walker.facts.run)
    walker.journal.check_nothing_was_missed(record.path)
    walker.journal.begin(record)
    limit = frame.nearest_limit()
    outcome: Done | Fail = yield Effect(
        record,
        task,
        task.call,
        limit.at if limit else None,
        frame.retried_outside,
        _address_variables(walker, task, record),
        frame.scope,
        _input_of(walker, record),
    )
    if isinstance(outcome, Done):
        return outcome.output, None
    if limit is not None and walker.now() >= limit.at:
        raise walker.timed_out(limit, record.path)
    error = replace(outcome.error, instance=outcome.error.instance or frame.pointer)
    raise TaskFailed(error, record.path, fail=outcome)


def _resolve(walker: Walker, task: CallTask, frame: Frame, record: StepRecord) -> None:
    template = _with_authentication(walker, task)
    if frame.scope.at_edge is None:
        record.arguments = frame.scope.resolve(template, record.input)
    else:
        late.resolve(template, frame.scope, record)


def _address_variables(walker: Walker, task: CallTask, record: StepRecord) -> dict[str, Any] | None:
    """What `{name}` in the address stands for. None where the address came from an expression: its braces are data."""
    endpoint = (task.with_ or {}).get("endpoint")
    uri = endpoint.get("uri") if isinstance(endpoint, dict) else endpoint
    if isinstance(uri, str) and is_expression(uri):
        return None
    given = _input_of(walker, record)
    return given if isinstance(given, dict) else {}


def _input_of(walker: Walker, record: StepRecord) -> Any:
    """The input with which this call was first made."""
    return walker.journal.steps.get(operation.input_path(record), record).input


def _walk_function(walker: Walker, task: CallTask, record: StepRecord, frame: Frame) -> Walk:
    """A function of ``use.functions``: its task, with the call's ``with`` as its input."""
    from executions.language import NamedTask

    if record.arguments is None:
        record.arguments = frame.scope.resolve(task.with_ or {}, record.input)
    walker.journal.begin(record)
    function = NamedTask.model_construct(name=task.call, task=walker.workflow.use.functions[task.call])
    inner = replace(frame, pointer="/use/functions")
    path = f"{record.path}/{task.call}"
    return (yield from walker.task(function, path, f"/use/functions/{task.call}", inner, record.arguments))


def _with_authentication(walker: Walker, task: CallTask) -> dict[str, Any]:
    """The call's ``with``, where an authentication given by name is put in its place."""
    arguments = dict(task.with_ or {})
    endpoint = arguments.get("endpoint")
    if isinstance(endpoint, dict) and endpoint.get("authentication") is not None:
        found = walker.workflow.authentication(endpoint["authentication"])
        arguments["endpoint"] = {**endpoint, "authentication": found}
    return arguments


KINDS: dict[str, Callable[[Walker, Any, StepRecord, Frame], Walk]] = {
    "set": walk_set,
    "switch": walk_switch,
    "do": walk_do,
    "for": walk_for,
    "try": walk_try,
    "raise": walk_raise,
    "wait": walk_wait,
    "call": walk_call,
}
