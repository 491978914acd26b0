"""A step with an effect: committed as begun, run, its outcome judged: an answer for the walk, or a
later attempt.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple, NoReturn

import structlog

from executions import clock, sealed
from executions.calls.context import Cancellation
from executions.calls.model import MODEL
from executions.calls.outcome import Done, Fail
from executions.calls.table import EVERY_CALL
from executions.driving import report, surroundings
from executions.driving.attempts import asks, attempt, budgets, transactional, turn
from executions.driving.attempts.lost import BROKEN_OFF, LOST
from executions.driving.attempts.resources import keep, resources_of
from executions.driving.attempts.transactional import Send
from executions.driving.boundary import Came
from executions.driving.drive import Drive, Yielded, sooner
from executions.errors import ExpressionError, WorkflowError
from executions.journal import operation
from executions.journal.decided import Answer, Call, Known
from executions.journal.events import EventName
from executions.journal.records import AttemptRecord, StepRecord
from executions.language.walking.requests import Effect, Ended, Request
from executions.language.walking.retry import GiveUp, Policy, Retry, decide
from executions.language.walking.retry_policy import from_dsl
from executions.secrets import SecretUnavailable
from executions.states import StepStatus, WaitingFor
from executions.values import LONGEST_LOG, clean_error, clean_text

log = structlog.get_logger(__name__)


def run_effect(drive: Drive, request: Effect, send: Send) -> Request | Ended:
    """Run one attempt and tell the walk how it ended; what the walk asks for next."""
    stood = Stood.of(drive, request.step)
    try:
        return _run(drive, request, send, stood)
    except Yielded:
        stood.put_back(drive, request.step)
        raise


@dataclass(frozen=True, slots=True)
class Stood:
    """How a step stood before it was to begin, so that what was not begun does not look as if it
    had been.
    """

    status: StepStatus
    wake_at: datetime | None
    waiting_for: str
    began_before: bool
    first_attempt_at: datetime | None

    @classmethod
    def of(cls, drive: Drive, step: StepRecord) -> Stood:
        first = Call.of(step).first_attempt_at
        return cls(
            step.status,
            step.wake_at,
            step.waiting_for,
            first is not None or step.attempt > 1,
            first,
        )

    def put_back(self, drive: Drive, step: StepRecord) -> None:
        """It was not begun.

        Without a row it was never there; else it waits, or waits again for its next attempt.
        """
        if step.id not in drive.journal.written:
            drive.journal.forget(step)
            return
        was_put_off = self.status in (StepStatus.WAITING, StepStatus.RETRYING)
        not_begun = StepStatus.RETRYING if self.began_before else StepStatus.WAITING
        status = self.status if was_put_off else not_begun
        step.enter(status, wake_at=self.wake_at, waiting_for=self.waiting_for)
        if self.first_attempt_at is None:
            del Call.of(step).first_attempt_at
        drive.journal.pending[step.id] = step


class Ready(NamedTuple):
    """A call that may begin: what it does to the world, by which policy, for how many seconds."""

    effect: str
    policy: Policy
    seconds: float
    resources: Mapping[str, Any]


def prepare(drive: Drive, request: Effect, stood: Stood) -> Ready | Done | Fail:
    """Makes an attempt of a call, or nothing where its answer is there.

    Raises Parked where it waits for a moment or for a person.
    """
    step, call = request.step, Call.of(request.step)
    now = clock.now()
    if step.wake_at is not None and step.wake_at > now and step.status == StepStatus.RETRYING:
        drive.park(sooner(step.wake_at, request.deadline_at), WaitingFor.BACK_OFF)
    if call.needs_decision:
        _ask(drive, step, now)
    if (answer := call.answer) is not None:
        del call.answer
        return _answer_of(answer)
    if EVERY_CALL[request.call].asks_people:
        return asks.ask(drive, request, partial(stood.put_back, drive, step))
    effect = request.task.effect(step.arguments)
    try:
        policy = _policy(drive, request, effect)
        seconds = attempt.seconds_for(request, policy.attempt_seconds, now)
    except ExpressionError as problem:
        error = WorkflowError.standard("expression", str(problem))
        return Fail(error, transient=False, rule="a duration of its policy")
    resources = resources_of(drive, request)
    if isinstance(resources, Fail):
        return resources
    if step.id in drive.interrupted:
        _note_interruption(drive, step, effect, now)
    if effect == "at_most_once":
        call.at_most_once = True
        if operation.may_have_happened_before(step):
            call.asked = True
            _ask(drive, step, now)
    _reserve(drive, request, resources, partial(stood.put_back, drive, step))
    return Ready(effect, policy, seconds, resources)


def _reserve(
    drive: Drive, request: Effect, resources: Mapping[str, Any], take_back: Callable[[], None]
) -> None:
    """Of a request to a model: raises Parked where the budget of its owner's day is used up."""
    model = resources.get("model")
    if model is None:
        return
    step, owner = request.step, drive.execution.owner_id
    used_up = drive.store.call(partial(budgets.reserve, owner, step.id, request.written, model))
    if used_up is None:
        return
    now = clock.now()
    wake_at = budgets.looked_at_again(now)
    if step.waiting_for != WaitingFor.BUDGET:
        seconds = (wake_at - now).total_seconds()
        step.wake_at = wake_at
        event = report.retrying(drive.execution, step, used_up, round(seconds, 1), now)
        drive.boundary.events.append(event)
    drive.wait(step, wake_at, WaitingFor.BUDGET, take_back=take_back)


def _settle_budget(drive: Drive, request: Effect, outcome: Done | Fail) -> None:
    """Of a request to a model: what it used is counted."""
    if request.call != MODEL.name:
        return
    said: dict[str, Any] = outcome.output if isinstance(outcome, Done) else {"usage": outcome.usage}
    usage, cost = said.get("usage"), said.get("cost")
    drive.store.call(partial(budgets.settle, request.step.id, usage, cost))


def enter(drive: Drive, step: StepRecord) -> datetime:
    """The step has begun, once the next boundary is committed: when it did."""
    now, call = clock.now(), Call.of(step)
    step.enter(StepStatus.RUNNING)
    if call.first_attempt_at is None:
        call.first_attempt_at = now
    drive.boundary.columns["current_step"] = step.path
    return now


def _run(drive: Drive, request: Effect, send: Send, stood: Stood) -> Request | Ended:
    step, ready = request.step, prepare(drive, request, stood)
    if not isinstance(ready, Ready):
        return send(ready)
    effect, policy, seconds, resources = ready
    with turn.seat_for(drive, request) or nullcontext() as seat:
        if drive.running.stopping.is_set():
            raise Yielded
        began = enter(drive, step)
        # A pause or a cancel that was asked for meanwhile is honoured here, before anything is run.
        take_back = partial(stood.put_back, drive, step)
        drive.boundary.commit(take_back=take_back)
        if effect == "transactional":
            return transactional.run(
                drive, request, policy, partial(settle, drive, request), send, take_back
            )
        cancellation = Cancellation()
        context = attempt.context_for(
            drive.execution,
            request,
            seconds,
            drive.secrets,
            cancellation,
            seat,
            resources,
            drive.token,
        )
        with drive.running.attempt(
            drive.execution.pk,
            drive.token,
            cancellation,
            context.deadline,
            attempt.named(request),
            is_once=effect == "at_most_once",
        ) as running:
            outcome = attempt.run(request, context)
    if running.is_broken_off and isinstance(outcome, Fail):
        broken_off(drive, step)
        return _run(drive, request, send, Stood.of(drive, step))
    if cancellation.requested.is_set() and isinstance(outcome, Fail):
        if not outcome.effect_possible:
            Stood.of(drive, step).put_back(drive, step)
        # Somebody asked, or the lease is lost: the boundary says which, before the failure is
        # judged.
        drive.boundary.commit()
        step.status = StepStatus.RUNNING
    else:
        drive.boundary.came[step.id] = came(step, outcome, began)
    return send(settle(drive, request, outcome, policy, began))


def broken_off(drive: Drive, step: StepRecord) -> None:
    """A person had the attempt end, so that nobody knows its outcome: it is judged as one whose
    worker died.
    """
    drive.interrupted.add(step.id)
    drive.broken_off.add(step.id)


def came(step: StepRecord, outcome: Done | Fail, began: datetime) -> Came:
    """The outcome, as it is kept until it is committed."""
    return Came(
        step.id,
        step.path,
        step.name,
        step.attempt,
        Call.of(step).key or "",
        outcome,
        began,
        clock.now(),
    )


def _note_interruption(drive: Drive, step: StepRecord, effect: str, now: datetime) -> None:
    """An attempt began, and whoever drove it did not write its outcome."""
    drive.interrupted.discard(step.id)
    why = BROKEN_OFF if step.id in drive.broken_off else drive.why_lost
    Call.of(step).outcome = Known.UNKNOWN
    began = step.started_at or now
    drive.boundary.attempts.append(AttemptRecord(step.id, step.attempt, LOST, began, now, rule=why))
    step.attempt += 1
    log.warning("attempt was interrupted", path=step.path, attempt=step.attempt - 1, effect=effect)
    if effect == "at_most_once":
        _ask(drive, step, now)


def _ask(drive: Drive, step: StepRecord, now: datetime) -> NoReturn:
    """It may have happened: only a person can say whether to run it again."""
    call = Call.of(step)
    if not call.needs_decision:
        event = report.plain(
            EventName.NEEDS_DECISION, drive.execution, now, step_name=step.name, path=step.path
        )
        drive.boundary.events.append(event)
    step.enter(StepStatus.WAITING, waiting_for=WaitingFor.DECISION)
    call.needs_decision = True
    drive.journal.pending[step.id] = step
    drive.boundary.columns["requires_manual_intervention"] = True
    drive.park(None, WaitingFor.DECISION)


def _policy(drive: Drive, request: Effect, effect: str) -> Policy:
    own = request.task.metadata.retry
    at_most_once = effect == "at_most_once"
    if own is not None:
        return from_dsl(
            own, transient_only=True, at_most_once=at_most_once, seconds_of=request.seconds_of
        )
    policy = surroundings.default_policy(EVERY_CALL[request.call].retry_delays())
    retries = 0 if request.retried_outside else policy.max_retries
    return Policy(
        max_retries=retries,
        backoff=policy.backoff,
        at_most_once=at_most_once,
        retry_after_cap_seconds=policy.retry_after_cap_seconds,
    )


def settle(
    drive: Drive, request: Effect, outcome: Done | Fail, policy: Policy, began: datetime
) -> Done | Fail:
    """The attempt's outcome becomes an answer for the walk, or a park until the next attempt."""
    step, now = request.step, clock.now()
    _settle_budget(drive, request, outcome)
    keep(drive, request, outcome)
    _note_outcome(step, outcome)
    if isinstance(outcome, Done):
        if step.attempt > 1 or (EVERY_CALL[request.call].keeps_log and outcome.log):
            text = clean_text(outcome.log, LONGEST_LOG)
            record = AttemptRecord(step.id, step.attempt, "succeeded", began, now, log=text)
            drive.boundary.attempts.append(record)
        return outcome
    call = Call.of(step)
    failures = call.failures = (call.failures or 0) + 1
    first = call.first_attempt_at or began
    verdict = decide(policy, outcome, failures, (now - first).total_seconds(), random.random())
    error = drive.secrets.redact(clean_error(outcome.error).as_json())
    if isinstance(verdict, Retry):
        verdict = _unless_excluded(request, verdict, error)
    record = AttemptRecord(
        step.id,
        step.attempt,
        "failed",
        began,
        now,
        error=error,
        log=clean_text(outcome.log, LONGEST_LOG),
        rule=verdict.rule,
        verdict="transient" if outcome.transient else "permanent",
    )
    drive.boundary.attempts.append(record)
    if policy.at_most_once and outcome.transient and outcome.effect_possible:
        step.attempt += 1
        _ask(drive, step, now)
    if isinstance(verdict, Retry):
        _retry_later(drive, request, verdict, record, now)
    log.warning(
        "step failed",
        path=step.path,
        attempt=step.attempt,
        verdict=record.verdict,
        rule=verdict.rule,
    )
    return replace(outcome, error=WorkflowError(**error))


def _note_outcome(step: StepRecord, outcome: Done | Fail) -> None:
    """The knowledge about the operation now; proof that nothing was sent says nothing of attempts
    before.
    """
    if isinstance(outcome, Done):
        Call.of(step).outcome = Known.SUCCEEDED
    elif outcome.effect_possible:
        is_certain = outcome.answered and not outcome.transient
        Call.of(step).outcome = Known.FAILED if is_certain else Known.UNKNOWN


def _unless_excluded(request: Effect, verdict: Retry, error: dict[str, Any]) -> Retry | GiveUp:
    """The task's own policy may leave some errors out."""
    own = request.task.metadata.retry
    try:
        # The outcome is not written yet: nobody may break this off.
        with sealed.calling(None):
            if own is None or request.may_retry(own, error):
                return verdict
    except (ExpressionError, SecretUnavailable) as problem:
        return GiveUp(f"the retry policy could not be asked: {problem}")
    return GiveUp("its retry policy excludes this error (when, exceptWhen)")


def _retry_later(
    drive: Drive, request: Effect, verdict: Retry, record: AttemptRecord, now: datetime
) -> NoReturn:
    step = request.step
    record.delay_seconds = verdict.delay_seconds
    wake_at = now + timedelta(seconds=verdict.delay_seconds)
    log.warning(
        "step will be retried",
        path=step.path,
        attempt=step.attempt,
        rule=verdict.rule,
        delay_seconds=verdict.delay_seconds,
    )
    step.enter(StepStatus.RETRYING, wake_at=wake_at, waiting_for=WaitingFor.BACK_OFF)
    drive.boundary.events.append(
        report.retrying(drive.execution, step, verdict.rule, verdict.delay_seconds, now)
    )
    step.attempt += 1
    drive.journal.pending[step.id] = step
    drive.boundary.columns["retry_count"] = Call.of(step).failures or 0
    drive.park(sooner(wake_at, request.deadline_at), WaitingFor.BACK_OFF)


def _answer_of(answer: Answer) -> Done | Fail:
    """A person's word on a step whose outcome nobody knew."""
    if answer.fail is not None:
        error = WorkflowError.standard("runtime", answer.fail)
        return Fail(error, transient=False, rule="decided by a person", is_final=True)
    return Done(answer.output)
