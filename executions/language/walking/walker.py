"""The walk over a definition: answers each task from the journal, or asks the driver to run it.

A generator, so that a branch is a walk of its own and a driver may interleave several. It knows
neither Django nor threads; it yields :mod:`executions.language.walking.requests` and ends with
``Completed`` or ``Failed``. Each of its decisions (a case taken, the items of a loop, until when to
wait) is recorded and never made again.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from executions import sealed
from executions.errors import ExpressionError, NotStorable, WorkflowError
from executions.journal.decided import Answer, Call
from executions.journal.decided import Task as Decided
from executions.journal.paths import WORKSPACE, task_path
from executions.journal.records import StepRecord
from executions.journal.replay import Journal, JournalFull
from executions.language.model.task import NamedTask, Task
from executions.language.model.workflow import Workflow
from executions.language.model.workspace import WorkspaceTask
from executions.language.walking import schemas
from executions.language.walking.requests import (
    Breathe,
    Completed,
    Ended,
    Failed,
    Park,
    Request,
    TaskFailed,
)
from executions.language.walking.scope import Facts, Scope
from executions.language.walking.variables import Descriptor
from executions.pointers import pointer_of
from executions.secrets import SecretUnavailable
from executions.states import StepStatus
from executions.values import clean_error

END = "end"
# Why a task was skipped whose own `if` leaves it out.
BY_IF = "if"
# Of a check that is made while a transaction is open.
HURRIED_SECONDS = 0.25
WORKSPACE_STEP = NamedTask.model_construct(name="workspace", task=WorkspaceTask())
_BREATHE = Breathe()
Flow = str | None
Walk = Generator[Request, Any, tuple[Any, Flow]]


@dataclass(frozen=True, slots=True, order=True)
class Limit:
    """Until when something has to end: the moment, and the path and pointer of what set it.

    ``waited_seconds`` is how long this thread had waited for a free child when the limit was set:
    what it waits from then on does not count.
    """

    at: datetime
    path: str
    pointer: str
    waited_seconds: float = field(default_factory=sealed.waited_seconds, compare=False)

    def now(self) -> Limit:
        """The limit with its moment put off by what was waited since it was set."""
        waited = sealed.waited_seconds() - self.waited_seconds
        return self if waited <= 0 else replace(self, at=self.at + timedelta(seconds=waited))


@dataclass(frozen=True, slots=True)
class Frame:
    """The place of a list of tasks: its path, its pointer in the document, its variables and time
    limits.

    ``limits`` are the time limits that hold here, outermost first. ``is_branched``: it stands in a
    branch, beside others.
    """

    path: str
    pointer: str
    scope: Scope
    limits: tuple[Limit, ...] = ()
    retried_outside: bool = False
    is_branched: bool = False

    def nearest_limit(self) -> Limit | None:
        return min(limit.now() for limit in self.limits) if self.limits else None


@dataclass(slots=True)
class Hurry:
    """Whether the walk goes on in a transaction, whose locks others wait for."""

    is_on: bool = False


class Walker:
    """One walk of one execution. ``now`` gives UTC; ``context`` is the DSL's ``$context``."""

    def __init__(
        self,
        workflow: Workflow,
        journal: Journal,
        facts: Facts,
        *,
        now: Callable[[], datetime],
        context: Any = None,
    ) -> None:
        self.workflow = workflow
        self.journal = journal
        self.facts = facts
        self.now = now
        self.context = {} if context is None else context
        # Shared with the branches of this walk.
        self.hurry = Hurry()
        self.done = 0
        self.total = len(workflow.do)

    def branch(self, generation: int) -> Walker:
        """A walk of its own beside others: it begins with the context of here, and what it exports
        stays with it. Operations that begin in it are of this generation at least.
        """
        walker = copy.copy(self)
        if generation != self.facts.generation:
            walker.facts = replace(self.facts, generation=generation)
        return walker

    def run(self, limit_at: datetime | None) -> Generator[Request, Any, Ended]:
        """Walk from the top. ``limit_at`` is the workflow's own time limit."""
        scope = self.facts.scope()
        root = Frame("", "/do", scope, (Limit(limit_at, "", "/"),) if limit_at else ())
        try:
            data = self._start(scope)
            if self.workflow.has_workspace:
                yield from self.task(WORKSPACE_STEP, WORKSPACE, "/workspace", root, data)
            output, _ = yield from self.task_list(self.workflow.do, root, data)
            return Completed(self._end(scope, output))
        except TaskFailed as failure:
            return Failed(failure.error, failure.path or None)

    def _start(self, scope: Scope) -> Any:
        raw, rule = self.facts.input, self.workflow.input
        if rule is None:
            return raw
        if not self.journal.steps:
            # The input of a step that has begun was checked when it began.
            self._check(rule.schema_, raw, "The workflow's input", "/input/schema")
        if rule.from_ is None:
            return raw
        record = self.journal.get("/@input")
        if record is None:
            record = StepRecord("/@input", "input", "input", input=raw, started_at=self.now())
            record.output = self._transformed(scope, rule.from_, raw, "/input/from")
            self.journal.begin(record)
            self.journal.finish(record, StepStatus.SUCCEEDED, self.now())
        return record.output

    def _end(self, scope: Scope, output: Any) -> Any:
        rule = self.workflow.output
        if rule is None:
            return output
        if rule.as_ is not None:
            seen = scope.including(context=self.context, output=output)
            output = self._transformed(seen, rule.as_, output, "/output/as")
        self._check(rule.schema_, output, "The workflow's output", "/output/schema")
        return output

    def _check(self, schema: Any, value: Any, what: str, pointer: str) -> None:
        """Raises TaskFailed where the value does not fit the schema."""
        if schema is None:
            return
        seconds = self.facts.expression_seconds
        if self.hurry.is_on:
            seconds = min(seconds, HURRIED_SECONDS)
        hides_values = bool(self.workflow.use.secrets)
        schemas.check(
            schema.document,
            value,
            what,
            pointer,
            owner=self.facts.owner,
            seconds=seconds,
            hides_values=hides_values,
        )

    def _transformed(self, scope: Scope, template: Any, value: Any, pointer: str) -> Any:
        try:
            return scope.including(context=self.context, input=value).transform(template, value)
        except SecretUnavailable as problem:
            raise TaskFailed(replace(problem.error, instance=pointer), "") from problem
        except ExpressionError as problem:
            raise TaskFailed(
                WorkflowError.standard("expression", str(problem), instance=pointer), ""
            ) from problem

    def task_list(self, tasks: Sequence[NamedTask], frame: Frame, data: Any) -> Walk:
        """The tasks of one list, in the order that their ``then`` says; the last output is the
        list's output.
        """
        visits: dict[str, int] = {}
        index = 0
        while index < len(tasks):
            named = tasks[index]
            visits[named.name] = visits.get(named.name, 0) + 1
            path = task_path(frame.path, named.name, visits[named.name])
            pointer = frame.pointer + _pointer(index, named.name)
            data, then = yield from self.task(named, path, pointer, frame, data)
            index = index + 1 if then is None or then == "continue" else _place_of(then, tasks)
            if frame.path == "":
                self.done = max(self.done, index)
            if then == END:
                return data, END
        return data, None

    def task(self, named: NamedTask, path: str, pointer: str, frame: Frame, raw: Any) -> Walk:
        """One task: from the journal where it is finished, else run and recorded."""
        task = named.task
        record = self.journal.get(path)
        if record is not None and record.is_finished():
            return self._answer(record, task)
        before = self.context
        try:
            if record is None:
                kind = task.recorded_as or task.kind
                record = StepRecord(
                    path, named.name, kind, input=raw, optional=task.metadata.optional
                )
                record.started_at = self.now()
                self.check_limits(frame, path)
                if self._is_skipped(record, task, frame, raw):
                    yield _BREATHE
                    return raw, None
                record.input = self._input(task, frame, raw, pointer)
            inner = self._frame_of(record, task, frame, pointer, raw)
            output, flow = yield from task.walk(self, record, inner)
            if flow is not None:
                Decided.of(record).flow = flow
            self._keep_context(record, before)
            self._recorded_output(record, task, inner, output)
            self.journal.finish(record, StepStatus.SUCCEEDED, self.now())
        except (
            TaskFailed,
            ExpressionError,
            SecretUnavailable,
            NotStorable,
            JournalFull,
        ) as problem:
            assert record is not None
            self._keep_context(record, before)
            raise self._failed(record, pointer, problem, frame) from problem
        if record.context is not None:
            self.context = record.context["value"]
        yield _BREATHE
        return record.output, _directive(flow, task.then)

    def _answer(self, record: StepRecord, task: Task) -> tuple[Any, Flow]:
        self.journal.answer_from(record)
        if record.context is not None:
            self.context = record.context["value"]
        decided = Decided.of(record)
        if record.status == StepStatus.FAILED:
            paths = decided.failed or [record.path]
            raise TaskFailed(WorkflowError(**record.error), paths[0], decided.boundary, paths=paths)
        return record.output, None if decided.reason == BY_IF else _directive(
            decided.flow, task.then
        )

    def _keep_context(self, record: StepRecord, before: Any) -> None:
        """The context that was exported inside a composite: once it is finished it answers for all
        that is below it.
        """
        if self.context is not before:
            record.context = {"value": self.context}

    def _is_skipped(self, record: StepRecord, task: Task, frame: Frame, raw: Any) -> bool:
        if task.if_ is None:
            return False
        if frame.scope.including(context=self.context, input=raw).is_true(task.if_, raw):
            return False
        record.input = record.output = raw
        Decided.of(record).reason = BY_IF
        self.journal.begin(record)
        self.journal.finish(record, StepStatus.SKIPPED, self.now())
        return True

    def _input(self, task: Task, frame: Frame, raw: Any, pointer: str) -> Any:
        rule = task.input
        if rule is None:
            return raw
        self._check(rule.schema_, raw, "The task's input", f"{pointer}/input/schema")
        if rule.from_ is None:
            return raw
        return frame.scope.including(context=self.context, input=raw).transform(rule.from_, raw)

    def _frame_of(
        self, record: StepRecord, task: Task, frame: Frame, pointer: str, raw: Any
    ) -> Frame:
        """The surroundings of what the task does: its input, its descriptor, its own time limit.

        ``$task.input`` is the raw input, before ``input.from`` (reference, section Task
        Descriptor).
        """
        assert record.started_at is not None
        document = self.facts.definition
        descriptor = Descriptor(record.name, pointer, document, raw, record.started_at)
        scope = frame.scope.including(context=self.context, input=record.input, task=descriptor)
        limits = frame.limits
        timeout = self.workflow.timeout_of(task.timeout) if task.timeout is not None else None
        if timeout is not None:
            decided = Decided.of(record)
            until = decided.deadline
            if until is None:
                seconds = scope.seconds_of(timeout.after, record.input)
                until = decided.deadline = self.now() + timedelta(seconds=seconds)
            limits = (*limits, Limit(until, record.path, pointer))
        # Written out: dataclasses.replace costs more than the rest of this.
        return Frame(record.path, pointer, scope, limits, frame.retried_outside, frame.is_branched)

    def _recorded_output(self, record: StepRecord, task: Task, inner: Frame, raw: Any) -> None:
        try:
            self._output(record, task, inner, raw)
        except sealed.SealedClosed:
            if record.is_call and not self.hurry.is_on:
                # The call is done: whoever goes on works with its result and calls nobody again.
                Call.of(record).answer = Answer.made(output=raw)
                self.journal.pending[record.id] = record
            raise
        except (TaskFailed, ExpressionError, SecretUnavailable):
            call = Call.of(record)
            if call.at_most_once:
                # It happened; only its result does not fit. A retry works with the result and calls
                # nobody again.
                call.answer = Answer.made(output=raw)
            raise

    def _output(self, record: StepRecord, task: Task, inner: Frame, raw: Any) -> None:
        output = raw
        if task.output is None and task.export is None:
            record.output = output
            return
        descriptor = {**inner.scope.variables["task"], "output": raw}
        scope = inner.scope.including(context=self.context, output=raw, task=descriptor)
        if task.output is not None:
            if task.output.as_ is not None:
                output = scope.transform(task.output.as_, raw)
            self._check(
                task.output.schema_, output, "The task's output", f"{inner.pointer}/output/schema"
            )
        record.output = output
        if task.export is not None and task.export.as_ is not None:
            exported = scope.including(output=output).transform(task.export.as_, output)
            self._check(
                task.export.schema_,
                exported,
                "The export of the task",
                f"{inner.pointer}/export/schema",
            )
            record.context = {"value": exported}

    def _failed(
        self, record: StepRecord, pointer: str, problem: Exception, frame: Frame
    ) -> TaskFailed:
        """The failure as it goes on upwards, recorded at this task."""
        if isinstance(problem, TaskFailed):
            # A check of this task's own data fails without a path: the path is this task.
            boundary = None if problem.boundary == record.path else problem.boundary
            error = clean_error(problem.error)
            paths = problem.paths if problem.path else [record.path]
            failure = TaskFailed(error, paths[0], boundary, problem.fail, paths)
            if len(paths) > 1 or (frame.is_branched and paths[0] != record.path):
                # A walk that is answered from this step still knows what to begin again.
                Decided.of(record).failed = paths
        elif isinstance(problem, SecretUnavailable):
            failure = TaskFailed(replace(problem.error, instance=pointer), record.path)
        else:
            name = "expression" if isinstance(problem, ExpressionError) else "runtime"
            failure = TaskFailed(
                WorkflowError.standard(name, str(problem), instance=pointer), record.path
            )
            if isinstance(problem, NotStorable):
                # A value that cannot be stored cannot be kept beside its error either.
                self.journal.drop_what_cannot_be_stored(record)
            failure.error = clean_error(failure.error)
        record.error = failure.error.as_json()
        if failure.boundary is not None:
            Decided.of(record).boundary = failure.boundary
        self.journal.finish(record, StepStatus.FAILED, self.now())
        return failure

    def wait(
        self, record: StepRecord, until: datetime, frame: Frame, why: str
    ) -> Generator[Request, Any, None]:
        """Park at this step until then, or until a time limit around it is over."""
        while self.now() < until:
            self.check_limits(frame, frame.path)
            limit = frame.nearest_limit()
            wake_at = min(until, limit.at) if limit else until
            record.enter(StepStatus.WAITING, wake_at=wake_at, waiting_for=why)
            self.journal.begin(record)
            yield Park(record, why, wake_at)

    def check_limits(self, frame: Frame, path: str) -> None:
        limit = frame.nearest_limit()
        if limit is not None and self.now() >= limit.at:
            raise self.timed_out(limit, path)

    def timed_out(self, limit: Limit, path: str) -> TaskFailed:
        """The DSL's timeout error of what set the limit: a task, one try of a block, or the
        workflow.
        """
        who = f"The task {limit.path}" if limit.path else "The workflow"
        detail = f"{who} did not end within its time limit."
        error = WorkflowError.standard("timeout", detail, instance=limit.pointer)
        return TaskFailed(error, path, limit.path)


def _directive(chosen: Flow, then: Flow) -> Flow:
    return then if chosen is None else chosen


@lru_cache(maxsize=2048)
def _pointer(index: int, name: str) -> str:
    return pointer_of((index, name))


def _place_of(name: str, tasks: Sequence[NamedTask]) -> int:
    """The place of a task in its list; past the end where the list has none of this name."""
    return next((index for index, named in enumerate(tasks) if named.name == name), len(tasks))


def breathe() -> Generator[Request, Any, None]:
    yield _BREATHE
