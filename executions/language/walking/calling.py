"""The walk of a task that makes a call: its arguments, its key, the request, and its outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from executions.calls.kind import CallKind
from executions.calls.outcome import Done, Fail
from executions.journal import operation
from executions.journal.records import StepRecord
from executions.language.model.task import TaskBase
from executions.language.walking import late
from executions.language.walking.requests import Effect, Spawn, TaskFailed
from executions.language.walking.walker import Frame, Walk, Walker


def walk(
    walker: Walker,
    record: StepRecord,
    frame: Frame,
    task: TaskBase,
    row: CallKind,
    written: Mapping[str, Any],
    template: Callable[[], Any],
) -> Walk:
    """Make the call of a kind, once. ``written`` are its arguments as the author wrote them,
    ``template`` makes what its arguments are resolved from where it was not begun.
    """
    walker.check_limits(frame, frame.path)
    if record.arguments is None:
        tries = walker.journal.tries_of(record.path)
        operation.begin(record, tries, walker.facts.run, partial(_resolve, template, frame))
    else:
        operation.adopt(record, walker.facts.run)
    walker.journal.begin(record)
    limit = frame.nearest_limit()
    outcome: Done | Fail
    if row.starts_run:
        outcome = yield Spawn(record, True, limit.at if limit else None, row.name)
    else:
        outcome = yield Effect(
            record,
            task,
            row.name,
            written,
            limit.at if limit else None,
            frame.retried_outside,
            frame.scope,
            walker.journal.steps.get(operation.input_path(record), record).input,
        )
    if isinstance(outcome, Done):
        return outcome.output, row.follows(record.arguments, outcome.output)
    if limit is not None and walker.now() >= limit.at:
        raise walker.timed_out(limit, record.path)
    error = replace(outcome.error, instance=outcome.error.instance or frame.pointer)
    raise TaskFailed(error, record.path, fail=outcome)


def _resolve(template: Callable[[], Any], frame: Frame, record: StepRecord) -> None:
    if frame.scope.at_edge is None:
        record.arguments = frame.scope.resolve(template(), record.input)
    else:
        late.resolve(template(), frame.scope, record)
