"""One try of a step with an effect: its deadline, its key, the call, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any

import structlog
from django.conf import settings

from executions import sealed, streams
from executions.agents.secrets import filled
from executions.calls.context import Audience, Cancellation, Deadline, Nobody, StepContext
from executions.calls.kind import RunsIn
from executions.calls.outcome import Done, Fail, Outcome
from executions.calls.steps import STEPS
from executions.calls.table import EVERY_CALL
from executions.driving.attempts import watched
from executions.driving.attempts.running import AttemptedStep
from executions.errors import ExpressionError, StigmerError, WorkflowError
from executions.expressions import EVALUATION_SECONDS
from executions.isolation import Seat
from executions.journal.decided import Call
from executions.journal.links import FIRST_FORMAT
from executions.language.walking import late
from executions.language.walking.requests import Effect
from executions.models import Execution
from executions.secrets import Edge, Secrets, SecretUnavailable
from executions.streams import Place

THREADS_STAY = "It runs in a thread of its worker, which cannot be broken off."
log = structlog.get_logger(__name__)


def seconds_for(request: Effect, policy_seconds: float | None, now: datetime) -> float:
    """How long this attempt may take: its own limit, cut by the time limits around it."""
    own = request.task.metadata.attempt_timeout
    seconds = request.seconds_of(own) if own is not None else policy_seconds
    if seconds is None:
        seconds = EVERY_CALL[request.call].attempt_seconds()
    if request.deadline_at is not None:
        seconds = min(seconds, max(0.0, (request.deadline_at - now).total_seconds()))
    return float(seconds)


def context_for(
    execution: Execution,
    request: Effect,
    seconds: float,
    secrets: Secrets,
    cancellation: Cancellation,
    seat: Seat | None = None,
    resources: Mapping[str, Any] = MappingProxyType({}),
    token: int = 0,
) -> StepContext:
    """All that the attempt may know and use. Its deadline begins to count now."""
    is_old = execution.journal_format == FIRST_FORMAT
    step = request.step
    names = secrets.names_behind(step.arguments) if is_old else late.names_of(step, secrets.names())
    return StepContext(
        execution_id=execution.public_id,
        correlation_id=execution.correlation_id,
        path=request.step.path,
        attempt=request.step.attempt,
        idempotency_key=Call.of(step).key or "",
        deadline=Deadline(seconds),
        secrets=Edge(secrets, names, is_old=is_old),
        owner=str(execution.owner_id),
        cancellation=cancellation,
        seat=seat,
        limits={
            name: getattr(settings, setting)
            for name, setting in EVERY_CALL[request.call].limits.items()
        }
        | {"confined_to": execution.confined_to},
        resources=resources,
        written=request.written,
        input=request.input,
        audience=_audience(execution, request, token),
    )


def named(request: Effect) -> AttemptedStep:
    """Which attempt this is, and whether it can be broken off."""
    row, step = EVERY_CALL[request.call], request.step
    is_watched = row.runs_in(step.arguments) is RunsIn.THREAD
    return AttemptedStep(step.path, step.attempt, row.streams, THREADS_STAY if is_watched else "")


def _audience(execution: Execution, request: Effect, token: int) -> Audience:
    if not EVERY_CALL[request.call].streams:
        return Nobody()
    return streams.stream(Place(execution.pk, token, request.step.path, request.step.attempt))


def _arguments(request: Effect, context: StepContext) -> Any:
    """The arguments of the step.

    Raises SecretUnavailable, ExpressionError and SealedClosed, before anything is sent.
    """
    if Call.of(request.step).late is None:
        tool_secrets = context.resources.get("tool_secrets")
        return (
            filled(request.step.arguments, tool_secrets) if tool_secrets else request.step.arguments
        )
    assert isinstance(context.secrets, Edge)
    waited = sealed.waited_seconds()
    try:
        return late.filled(
            request.step,
            request.input,
            context.secrets,
            seconds=EVALUATION_SECONDS,
            owner=context.owner,
        )
    finally:
        context.deadline.put_off(sealed.waited_seconds() - waited)


def _called(request: Effect, context: StepContext, in_transaction: bool) -> Outcome:
    arguments, step = _arguments(request, context), STEPS[request.call]
    if in_transaction:
        return watched.run_in_transaction(partial(step.run_here, arguments, context), context)
    call = partial(step.run, arguments, context)
    # A thread cannot be killed, but it can be left behind.
    is_watched = EVERY_CALL[request.call].runs_in(arguments) is RunsIn.THREAD
    return watched.run(call, context) if is_watched else call()


def run(request: Effect, context: StepContext, *, in_transaction: bool = False) -> Done | Fail:
    """Carry out the attempt.

    Every exception of a step becomes a failure that says so; nothing escapes but Overrun.
    """
    try:
        outcome: Outcome = _called(request, context, in_transaction)
    except watched.Overrun:
        raise
    except SecretUnavailable as problem:
        return Fail(
            problem.error, transient=False, rule="secret not available", effect_possible=False
        )
    except ExpressionError as problem:
        error = WorkflowError.standard("expression", str(problem))
        return Fail(error, transient=False, rule="expression over a secret", effect_possible=False)
    except sealed.SealedClosed as problem:
        error = WorkflowError.standard("runtime", str(problem))
        return Fail(error, transient=True, rule="worker stopped", effect_possible=False)
    except StigmerError as problem:
        error = WorkflowError.standard("runtime", str(problem))
        return Fail(error, transient=False, rule=type(problem).__name__)
    except Exception as problem:
        log.exception("step raised", path=request.step.path, correlation_id=context.correlation_id)
        detail = context.secrets.redact(f"{type(problem).__name__}: {problem}")
        return Fail(WorkflowError.standard("runtime", detail), transient=False, rule="step raised")
    if isinstance(outcome, Done) and request.task.hides_secrets:
        return replace(outcome, output=context.secrets.redact(outcome.output))
    if not isinstance(outcome, (Done, Fail)):
        detail = f"A call answered with {type(outcome).__name__}, which is not supported yet."
        return Fail(
            WorkflowError.standard("runtime", detail), transient=False, rule="not supported"
        )
    return outcome
