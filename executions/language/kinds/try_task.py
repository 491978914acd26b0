"""``try`` with ``catch``: what is caught, whether the block runs again and when, what runs instead.

Each catch is a Step of its own (``…/catch@n``) that holds the decision, so a replay follows it without asking again.
Where ``catch`` has neither ``retry`` nor ``do``, a caught error is swallowed and the block's output is its input.
Where retries are used up and there is no ``do``, the error goes on upwards.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import ConfigDict, Discriminator, Field, Tag

from executions.calls.outcome import Fail
from executions.calls.parameters import OBJECT, TEXT, Model, shape
from executions.errors import WorkflowError, same_error_type
from executions.journal.paths import catch_path, try_path
from executions.journal.records import StepRecord
from executions.language.checks.document import Keys, Outline, TaskPlace, at, mapping, text
from executions.language.checks.formula import CONDITIONS, Formula, always, policy
from executions.language.checks.report import Report
from executions.language.model import policies
from executions.language.model.entries import VariableName
from executions.language.model.policies import ErrorFilter, RetryPolicy
from executions.language.model.task import Loose, NamedTask, Pen, PureTask
from executions.language.model.workflow import Workflow
from executions.language.walking.requests import Park, TaskFailed
from executions.language.walking.retry import Retry, decide
from executions.language.walking.retry_policy import from_dsl
from executions.language.walking.walker import Frame, Limit, Walk, Walker, breathe
from executions.states import StepStatus

TRY_DEADLINE = "try_deadline"


class CatchErrors(Model):
    with_: ErrorFilter | None = Field(None, alias="with")


class Catch(Model):
    """Which errors are taken and what is done about them."""

    model_config = ConfigDict(defer_build=True)

    errors: CatchErrors | None = None
    as_: VariableName = Field("error", alias="as")
    when: policies.Formula | None = None
    except_when: policies.Formula | None = Field(None, alias="exceptWhen")
    retry: Annotated[Annotated[RetryPolicy, Tag(OBJECT)] | Annotated[str, Tag(TEXT)], Discriminator(shape)] | None = (
        None
    )
    do: list[NamedTask] | None = None


class TryTask(PureTask):
    """Tasks whose errors can be caught, tried again, or answered by other tasks."""

    kind = "try"
    names = (("retries", ("catch", "retry")),)
    parts = (("try@", ""), ("catch@", "catch"))

    try_: list[NamedTask] = Field(alias="try", description="a list of tasks")
    catch: Catch = Field(description="an object that says which errors are caught")

    @classmethod
    def lists(cls, body: dict[str, Any]) -> Iterator[tuple[Keys, frozenset[str]]]:
        yield ("try",), frozenset()
        yield ("catch", "do"), _error_variable(body)

    @classmethod
    def formulas(cls, task: TaskPlace, report: Report) -> Iterator[Formula]:
        path, body = task.path, task.body
        caught = task.variables | _error_variable(body)
        for key in CONDITIONS:
            yield from always((*path, "catch", key), at(body, "catch", key), caught)
        yield from policy((*path, "catch", "retry"), at(body, "catch", "retry"), caught, report)

    @classmethod
    def check(cls, task: TaskPlace, found: Outline, report: Report) -> None:
        """Warn of expressions in an error filter."""
        path = (*task.path, "catch", "errors", "with")
        for name, value in mapping(task.body, "catch", "errors", "with").items():
            if isinstance(value, str) and "${" in value:
                message = "a filter of errors is compared as it is written; the expression is not evaluated"
                report.warn((*path, name), message, "", "ask with an expression in `catch.when`")

    def walk(self, walker: Walker, record: StepRecord, frame: Frame) -> Walk:
        walker.journal.begin(record)
        attempt = 1
        while True:
            retries = self.catch.retry is not None
            path = try_path(record.path, attempt)
            inner = replace(
                frame,
                path=path,
                pointer=f"{frame.pointer}/try",
                scope=frame.scope.including(context=walker.context),
                limits=(*frame.limits, *_limit_of_attempt(walker, self.catch, record, frame, attempt)),
                retried_outside=frame.retried_outside or retries,
            )
            try:
                return (yield from walker.task_list(self.try_, inner, record.input))
            except TaskFailed as failure:
                if failure.boundary == path:
                    # The time of this try alone is over: an error like any other, which may be caught and tried again.
                    failure.boundary = None
                decided = _decide(walker, self.catch, record, frame, failure, attempt)
            # Whoever asked for a pause meanwhile gets it before anything else is begun.
            yield from breathe()
            if decided.control["action"] == "retry":
                yield from _back_off(walker, decided, frame)
                attempt += 1
                continue
            return (yield from _handle(walker, self.catch, record, frame, decided, attempt))

    def blocks(self, workflow: Workflow) -> Mapping[str, Sequence[NamedTask]]:
        return {"try@": self.try_, "catch@": self.catch.do or ()}

    def draw(self, key: str, pen: Pen) -> Loose:
        caught = [(key, "on error")]
        loose = pen.block(self.try_, key, [(key, "")])
        return loose + (pen.block(self.catch.do, f"{key}/catch", caught) if self.catch.do else caught)


def _error_variable(body: dict[str, Any]) -> frozenset[str]:
    """The variable that holds what a ``catch`` took."""
    return frozenset({text(body, "catch", "as") or "error"})


def _limit_of_attempt(
    walker: Walker, catch: Catch, record: StepRecord, frame: Frame, attempt: int
) -> tuple[Limit, ...]:
    """How long this try of the block may take (``retry.limit.attempt.duration``), counted from its begin."""
    if catch.retry is None or walker.journal.get(catch_path(record.path, attempt)) is not None:
        return ()  # it is over: everything of it is answered from the journal
    policy = walker.workflow.retry_policy(catch.retry)
    longest = policy.limit.attempt.duration if policy.limit and policy.limit.attempt else None
    if longest is None:
        return ()
    kept = record.control.get(TRY_DEADLINE)
    if kept is None or kept["attempt"] != attempt:
        seconds = frame.scope.including(context=walker.context).seconds_of(longest, record.input)
        at = (walker.now() + timedelta(seconds=seconds)).isoformat()
        kept = record.control[TRY_DEADLINE] = {"attempt": attempt, "at": at}
        walker.journal.begin(record)
    path, pointer = try_path(record.path, attempt), f"{frame.pointer}/try"
    return (Limit(datetime.fromisoformat(kept["at"]), path, pointer),)


def _decide(
    walker: Walker, catch: Catch, record: StepRecord, frame: Frame, failure: TaskFailed, attempt: int
) -> StepRecord:
    """The recorded decision about this failure. Raises the failure again where it is not caught."""
    path = catch_path(record.path, attempt)
    decided = walker.journal.get(path)
    if decided is not None:
        return decided
    if failure.boundary is not None or not _catches(walker, catch, frame, failure.error):
        raise failure
    decided = StepRecord(path, f"catch {attempt}", "catch", input=failure.error.as_json(), started_at=walker.now())
    verdict = _retry(walker, catch, record, frame, failure, attempt)
    if isinstance(verdict, Retry):
        until = walker.now() + timedelta(seconds=verdict.delay_seconds)
        decided.control.update(action="retry", until=until.isoformat(), delay=verdict.delay_seconds)
    elif catch.retry is not None and catch.do is None:
        raise failure
    else:
        decided.control["action"] = "handle"
    if verdict is not None:
        decided.control["rule"] = verdict.rule
    walker.journal.begin(decided)
    if decided.control["action"] == "handle":
        walker.journal.finish(decided, StepStatus.SUCCEEDED, walker.now())
    return decided


def _retry(walker: Walker, catch: Catch, record: StepRecord, frame: Frame, failure: TaskFailed, attempt: int) -> Any:
    if catch.retry is None or (failure.fail is not None and failure.fail.is_final):
        return None
    policy = walker.workflow.retry_policy(catch.retry)
    error = failure.error.as_json()
    seen = frame.scope.including(**{catch.as_: error, "context": walker.context})
    if policy.when is not None and not seen.is_true(policy.when, error):
        return None
    if policy.except_when is not None and seen.is_true(policy.except_when, error):
        return None
    first, since = counted_from(record)
    rule = failure.error.title or failure.error.type
    return decide(
        from_dsl(policy, transient_only=False, seconds_of=lambda duration: seen.seconds_of(duration, error)),
        failure.fail or Fail(failure.error, transient=True, rule=rule),
        attempt - first + 1,
        (walker.now() - since).total_seconds(),
        random.random(),
    )


def counted_from(record: StepRecord) -> tuple[int, datetime]:
    """The try with which counting begins and its moment: a person's decision lets both begin anew."""
    chosen = record.control.get("counted_from")
    if chosen is not None:
        return chosen["attempt"], datetime.fromisoformat(chosen["at"])
    assert record.started_at is not None
    return 1, record.started_at


def _back_off(walker: Walker, decided: StepRecord, frame: Frame) -> Any:
    """Park until the next try, unless that moment has come."""
    if decided.is_finished():
        return
    until = datetime.fromisoformat(decided.control["until"])
    while walker.now() < until:
        walker.check_limits(frame)
        limit = frame.nearest_limit()
        wake_at = min(until, limit.at) if limit else until
        decided.status, decided.wake_at = StepStatus.WAITING, wake_at
        walker.journal.begin(decided)
        yield Park(decided, "back-off", wake_at)
    walker.journal.finish(decided, StepStatus.SUCCEEDED, walker.now())


def _handle(walker: Walker, catch: Catch, record: StepRecord, frame: Frame, decided: StepRecord, attempt: int) -> Walk:
    if catch.do is None:
        return record.input, None
    inner = replace(
        frame,
        path=catch_path(record.path, attempt),
        pointer=f"{frame.pointer}/catch/do",
        scope=frame.scope.including(**{catch.as_: decided.input, "context": walker.context}),
    )
    return (yield from walker.task_list(catch.do, inner, record.input))


def _catches(walker: Walker, catch: Catch, frame: Frame, error: WorkflowError) -> bool:
    wanted = catch.errors.with_ if catch.errors is not None else None
    if wanted is not None and not _fits(wanted, error):
        return False
    value = error.as_json()
    seen = frame.scope.including(**{catch.as_: value, "context": walker.context})
    if catch.when is not None and not seen.is_true(catch.when, value):
        return False
    return not (catch.except_when is not None and seen.is_true(catch.except_when, value))


def _fits(wanted: ErrorFilter, error: WorkflowError) -> bool:
    if wanted.type is not None and not same_error_type(wanted.type, error.type):
        return False
    for name in ("status", "title", "detail", "instance"):
        value = getattr(wanted, name)
        if value is not None and value != getattr(error, name):
            return False
    return True
