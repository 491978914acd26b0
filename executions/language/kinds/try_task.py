"""``try`` with ``catch``: what is caught, whether the block runs again and when, what runs instead.

Each catch is a Step of its own (``…/catch@n``) that holds the decision, so a replay follows it
without asking again. A ``catch`` with neither ``retry`` nor ``do`` swallows the error, and the
block's output is its input. If retries are used up and there is no ``do``, the error goes on
upwards.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import ConfigDict, Discriminator, Field, Tag

from executions.calls.outcome import Fail
from executions.calls.parameters import OBJECT, TEXT, Model, shape
from executions.errors import WorkflowError, same_error_type
from executions.journal.decided import Catch as CatchMade
from executions.journal.decided import Counted, Try
from executions.journal.paths import catch_path, try_path
from executions.journal.records import StepRecord
from executions.language.checks.document import Keys, Outline, TaskPlace, mapping, text
from executions.language.checks.formula import CONDITIONS, Formulae, Formulas
from executions.language.checks.report import Report
from executions.language.model.entries import VariableName
from executions.language.model.policies import Conditional, ErrorFilter, RetryPolicy
from executions.language.model.task import Blocks, Body, Edges, NamedTask, Pen, PureTask
from executions.language.walking.requests import Abandon, TaskFailed
from executions.language.walking.retry import GiveUp, Retry, decide
from executions.language.walking.retry_policy import from_dsl
from executions.language.walking.scope import Scope
from executions.language.walking.walker import Frame, Limit, Walk, Walker, breathe
from executions.states import StepStatus, WaitingFor

# The decision of a catch about a failure.
RETRY, HANDLE = "retry", "handle"


class CatchErrors(Model):
    with_: ErrorFilter | None = Field(None, alias="with")


class Catch(Conditional):
    """Which errors are taken and what is done about them."""

    model_config = ConfigDict(defer_build=True)

    errors: CatchErrors | None = None
    as_: VariableName = Field("error", alias="as")
    retry: (
        Annotated[
            Annotated[RetryPolicy, Tag(OBJECT)]
            | Annotated[str, Tag(TEXT), Field(json_schema_extra={"x-names": "/use/retries"})],
            Discriminator(shape),
        ]
        | None
    ) = None
    do: list[NamedTask] | None = None


class TryTask(PureTask):
    """Tasks whose errors can be caught, tried again, or answered by other tasks."""

    kind = "try"
    lists = (("try",), ("catch", "do"))
    names = (("retries", ("catch", "retry")),)
    parts = (("try@", ""), ("catch@", "catch"))

    try_: list[NamedTask] = Field(alias="try", description="a list of tasks")
    catch: Catch = Field(description="an object that says which errors are caught")

    @classmethod
    def variables(cls, body: Body, keys: Keys) -> frozenset[str]:
        return frozenset({text(body, "catch", "as") or "error"} if keys[0] == "catch" else ())

    @classmethod
    def formulas(cls, task: TaskPlace, formulae: Formulae) -> Formulas:
        caught = cls.variables(task.body, ("catch",))
        for key in CONDITIONS:
            yield from formulae.always("catch", key, more=caught)
        yield from formulae.policy("catch", "retry", more=caught)

    @classmethod
    def check(cls, task: TaskPlace, outline: Outline, report: Report) -> None:
        """Warn of expressions in an error filter."""
        path = (*task.path, "catch", "errors", "with")
        for name, value in mapping(task.body, "catch", "errors", "with").items():
            if isinstance(value, str) and "${" in value:
                message = (
                    "a filter of errors is compared as it is written; the expression is not"
                    " evaluated"
                )
                report.warn((*path, name), message, "", "ask with an expression in `catch.when`")

    def walk(self, walker: Walker, record: StepRecord, frame: Frame) -> Walk:
        walker.journal.begin(record)
        number = 1
        while True:
            attempt = _Try(walker, self.catch, record, frame, number)
            inner = replace(
                frame,
                path=attempt.path,
                pointer=f"{frame.pointer}/try",
                scope=frame.scope.including(context=walker.context),
                limits=(*frame.limits, *attempt.limit()),
                retried_outside=frame.retried_outside or self.catch.retry is not None,
            )
            try:
                return (yield from walker.task_list(self.try_, inner, record.input))
            except TaskFailed as failure:
                if failure.boundary == attempt.path:
                    # The time of this try alone is over: an error like any other, which may be
                    # caught and tried again.
                    failure.boundary = None
                decided = attempt.decide(failure)
                if walker.journal.open_below_a_fork(attempt.path):
                    # Branches that stood by when another failed: nobody goes on with them now.
                    yield Abandon(attempt.path)
            # A pause that was asked for meanwhile comes before anything else is begun.
            yield from breathe()
            if CatchMade.of(decided).action != RETRY:
                return (yield from attempt.handle(decided))
            yield from _back_off(walker, decided, frame)
            number += 1

    def blocks(self, workflow: Any) -> Blocks:
        return {"try@": self.try_, "catch@": self.catch.do or ()}

    def draw(self, key: str, pen: Pen) -> Edges:
        caught: Edges = [(key, "on error", None)]
        loose = pen.block(self.try_, key, [(key, "", None)])
        return loose + (
            pen.block(self.catch.do, f"{key}/catch", caught) if self.catch.do else caught
        )


@dataclass(frozen=True, slots=True)
class _Try:
    """One try of the block."""

    walker: Walker
    catch: Catch
    record: StepRecord
    frame: Frame
    number: int

    @property
    def path(self) -> str:
        return try_path(self.record.path, self.number)

    def seen(self, error: Any) -> Scope:
        """The values that expressions see where an error is looked at."""
        return self.frame.scope.including(**{self.catch.as_: error, "context": self.walker.context})

    def limit(self) -> tuple[Limit, ...]:
        """How long it may take (``retry.limit.attempt.duration``), counted from its begin."""
        walker, record = self.walker, self.record
        if (
            self.catch.retry is None
            or walker.journal.get(catch_path(record.path, self.number)) is not None
        ):
            return ()  # it is over: everything of it is answered from the journal
        policy = walker.workflow.retry_policy(self.catch.retry)
        longest = policy.limit.attempt.duration if policy.limit and policy.limit.attempt else None
        if longest is None:
            return ()
        block = Try.of(record)
        deadline = block.try_deadline
        at = deadline.at if deadline is not None and deadline.attempt == self.number else None
        if at is None:
            seconds = self.frame.scope.including(context=walker.context).seconds_of(
                longest, record.input
            )
            at = walker.now() + timedelta(seconds=seconds)
            block.try_deadline = Counted.made(attempt=self.number, at=at)
            walker.journal.begin(record)
        return (Limit(at, self.path, f"{self.frame.pointer}/try"),)

    def decide(self, failure: TaskFailed) -> StepRecord:
        """The recorded decision about this failure.

        Raises the failure again where it is not caught.
        """
        walker, path = self.walker, catch_path(self.record.path, self.number)
        decided = walker.journal.get(path)
        if decided is not None:
            return decided
        error = failure.error.as_json()
        if failure.boundary is not None or not self._catches(failure.error, error):
            raise failure
        decided = StepRecord(
            path, f"catch {self.number}", "catch", input=error, started_at=walker.now()
        )
        decision = CatchMade.of(decided)
        verdict = self._verdict(failure, error)
        if isinstance(verdict, Retry):
            decision.action = RETRY
            decision.until = walker.now() + timedelta(seconds=verdict.delay_seconds)
            decision.delay = verdict.delay_seconds
        elif self.catch.retry is not None and self.catch.do is None:
            raise failure
        else:
            decision.action = HANDLE
        if verdict is not None:
            decision.rule = verdict.rule
        walker.journal.begin(decided)
        if decision.action == HANDLE:
            walker.journal.finish(decided, StepStatus.SUCCEEDED, walker.now())
        return decided

    def _catches(self, error: WorkflowError, value: Any) -> bool:
        error_filter = self.catch.errors.with_ if self.catch.errors is not None else None
        return (error_filter is None or _fits(error_filter, error)) and self.seen(value).takes(
            self.catch, value
        )

    def _verdict(self, failure: TaskFailed, error: Any) -> Retry | GiveUp | None:
        if self.catch.retry is None or (failure.fail is not None and failure.fail.is_final):
            return None
        policy, conditions = self.walker.workflow.retry_policy(self.catch.retry), self.seen(error)
        if not conditions.takes(policy, error):
            return None
        first, since = counted_from(self.record)
        rule = failure.error.title or failure.error.type
        return decide(
            from_dsl(
                policy,
                transient_only=False,
                seconds_of=lambda duration: conditions.seconds_of(duration, error),
            ),
            failure.fail or Fail(failure.error, transient=True, rule=rule),
            self.number - first + 1,
            (self.walker.now() - since).total_seconds(),
            random.random(),
        )

    def handle(self, decided: StepRecord) -> Walk:
        """The tasks that run instead of the block."""
        if self.catch.do is None:
            return self.record.input, None
        path, pointer = catch_path(self.record.path, self.number), f"{self.frame.pointer}/catch/do"
        inner = replace(self.frame, path=path, pointer=pointer, scope=self.seen(decided.input))
        return (yield from self.walker.task_list(self.catch.do, inner, self.record.input))


def counted_from(record: StepRecord) -> tuple[int, datetime]:
    """The try with which counting begins and its moment: a person's decision lets both begin
    anew.
    """
    start = Try.of(record).counted_from
    if start is not None and start.attempt is not None and start.at is not None:
        return start.attempt, start.at
    assert record.started_at is not None
    return 1, record.started_at


def _back_off(walker: Walker, decided: StepRecord, frame: Frame) -> Any:
    """Park until the next try, unless that moment has come."""
    if decided.is_finished():
        return
    until = CatchMade.of(decided).until
    assert until is not None
    yield from walker.wait(decided, until, frame, WaitingFor.BACK_OFF)
    walker.journal.finish(decided, StepStatus.SUCCEEDED, walker.now())


def _fits(error_filter: ErrorFilter, error: WorkflowError) -> bool:
    if error_filter.type is not None and not same_error_type(error_filter.type, error.type):
        return False
    for name in ("status", "title", "detail", "instance"):
        value = getattr(error_filter, name)
        if value is not None and value != getattr(error, name):
            return False
    return True
