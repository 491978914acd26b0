"""One try of a step with an effect: its deadline, its key, the call, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from django.conf import settings

from executions import sealed
from executions.calls import http
from executions.calls.context import Cancellation, Deadline, StepContext
from executions.calls.outcome import Done, Fail, Outcome
from executions.calls.python import functions
from executions.calls.python import step as python
from executions.driving.attempts import watched
from executions.driving.surroundings import limits
from executions.errors import ExpressionError, StigmerError, WorkflowError
from executions.ids import public_id
from executions.isolation import Seat
from executions.journal.links import FIRST_FORMAT
from executions.language.walking import late
from executions.language.walking.requests import Effect
from executions.models import Execution
from executions.secrets import Edge, Secrets, SecretUnavailable

log = structlog.get_logger(__name__)
Call = Callable[[dict[str, Any], StepContext], Outcome]


def call_python(arguments: dict[str, Any], context: StepContext) -> Outcome:
    """A registered function: in a child that can be killed, or in a thread that can be left behind."""
    function = functions.registered().get(str(arguments.get("function")))
    if function is None or function.isolation != "thread":
        return python.run(arguments, context)
    return watched.run(partial(python.run, arguments, context), context)


def call_in_transaction(arguments: dict[str, Any], context: StepContext) -> Outcome:
    """A registered function inside the transaction that the caller holds. Raises watched.Overrun."""
    name, given = str(arguments["function"]), arguments.get("arguments") or {}
    return watched.run_in_transaction(partial(python.call_in_thread, name, given, context), context)


CALLS: dict[str, Call] = {"http": http.run, "python": call_python}


def effect_of(request: Effect) -> str:
    """``pure``, ``idempotent``, ``at_most_once`` or ``transactional``: the task's word, else the function's."""
    if request.task.metadata.effect is not None:
        return str(request.task.metadata.effect)
    if request.call == "python":
        function = functions.registered().get(str((request.step.arguments or {}).get("function")))
        if function is not None:
            return str(function.effect)
    return "idempotent"


def seconds_for(request: Effect, policy_seconds: float | None, now: datetime) -> float:
    """How long this attempt may take: its own limit, cut by the time limits around it."""
    own = request.task.metadata.attempt_timeout
    seconds = request.seconds_of(own) if own is not None else policy_seconds
    if seconds is None:
        seconds = settings.STIGMER_ATTEMPT_SECONDS
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
) -> StepContext:
    """What the attempt may know and use; its deadline begins to count now."""
    is_old = execution.journal_format == FIRST_FORMAT
    step = request.step
    names = secrets.names_behind(step.arguments) if is_old else late.names_of(step, secrets.names())
    return StepContext(
        execution_id=public_id("wex", execution.pk),
        correlation_id=execution.correlation_id,
        path=request.step.path,
        attempt=request.step.attempt,
        idempotency_key=request.step.control["key"],
        deadline=Deadline(seconds),
        secrets=Edge(secrets, names, is_old=is_old),
        owner=str(execution.owner_id),
        cancellation=cancellation,
        seat=seat,
        limits=limits(request.variables),
    )


def _arguments(request: Effect, context: StepContext) -> Any:
    """What the step is called with. Raises SecretUnavailable, ExpressionError and SealedClosed, before
    anything is sent."""
    if late.LATE not in request.step.control:
        return request.step.arguments
    assert isinstance(context.secrets, Edge)
    seconds = settings.STIGMER_EXPRESSION_SECONDS
    waited = sealed.waited_seconds()
    try:
        return late.filled(request.step, request.late_input, context.secrets, seconds=seconds, owner=context.owner)
    finally:
        context.deadline.put_off(sealed.waited_seconds() - waited)


def run(request: Effect, context: StepContext, call: Call | None = None) -> Done | Fail:
    """Carry out the attempt. Whatever a step raises becomes a failure that says so; nothing escapes but Overrun."""
    step = call or CALLS[request.call]
    try:
        outcome = step(_arguments(request, context), context)
    except watched.Overrun:
        raise
    except SecretUnavailable as problem:
        return Fail(problem.error, transient=False, rule="secret not available", effect_possible=False)
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
    if not isinstance(outcome, (Done, Fail)):
        detail = f"A call answered with {type(outcome).__name__}, which is not supported yet."
        return Fail(WorkflowError.standard("runtime", detail), transient=False, rule="not supported")
    return outcome
