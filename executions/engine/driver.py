"""Driving one execution: walk, commit a boundary, run an attempt, commit its outcome, and so on until it ends or parks.

Every write names the lease's token. Zero rows mean that the execution is in other hands now: :class:`Fenced` is raised
and nothing more is written.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from executions.engine import attempt, report, surroundings
from executions.engine.boundary import Boundary, CancelAsked, PauseAsked
from executions.engine.crashes import Crashes
from executions.engine.journal import Diverged, Journal
from executions.engine.lease import Held, claim
from executions.engine.requests import Breathe, Completed, Effect, Ended, Failed, Park, Request
from executions.engine.retry import Policy, Retry, decide
from executions.engine.retry_from_dsl import from_dsl
from executions.engine.running import Running
from executions.engine.scope import Scope
from executions.engine.store import Store
from executions.engine.takeover import audit_giving_up, take_over
from executions.engine.walk import Walker
from executions.errors import ExpressionError, Fenced, NotStorable, WorkflowError
from executions.models.move_sql import AsJson
from executions.records import AttemptRecord, StepRecord
from executions.states import Phase, StepStatus
from executions.steps.context import Cancellation, StepContext
from executions.steps.outcome import Done, Fail
from executions.values import clean_error, clean_text, storable

log = structlog.get_logger(__name__)
Walking = Generator[Request, Any, Ended]
Timer = Callable[[uuid.UUID, str, datetime], None]


def advance(
    execution_id: uuid.UUID,
    *,
    process_id: uuid.UUID,
    store: Store,
    running: Running,
    timer: Timer | None = None,
    alone: bool = False,
) -> bool:
    """Take the execution if it is due and drive it as far as it goes. False: there was nothing to do.

    ``alone``: this process drives nothing else, and takes only what has to be driven so.
    """
    held = store.call(partial(claim, execution_id, process_id, alone=alone))
    if held is None:
        return False
    running.take(execution_id, held.token)
    try:
        found = True if held.execution.left_by_id is None else take_over(held, store, alone=alone)
        if found is not False:
            driver = Driver(held, process_id, store, running, timer)
            driver.drive() if found is True else driver.give_up(found)
    except Fenced:
        log.warning("lease lost, nothing was written", execution_id=held.execution.public_id, token=held.token)
    finally:
        running.let_go(execution_id, held.token)
    return True


class _Parked(Exception):
    """The execution was let go of until something wakes it."""


class _Yielded(Exception):
    """This process stops: the execution goes back to the queue between two steps."""


class Driver:
    """One drive of one execution under one lease."""

    def __init__(self, held: Held, process_id: uuid.UUID, store: Store, running: Running, timer: Timer | None) -> None:
        execution = held.execution
        self.execution = execution
        self.document, self.workflow = held.definition.document, held.definition.workflow
        self.secrets = surroundings.secrets_for(execution.pk, self.workflow)
        self.journal = Journal(
            held.records,
            head_digest=execution.head_digest,
            value_bytes=settings.STIGMER_VALUE_BYTES,
            max_steps=settings.STIGMER_MAX_STEPS,
        )
        self.interrupted = {r.id for r in held.records if r.status == StepStatus.RUNNING and r.kind == "call"}
        self.recorded = {r.id for r in held.records}
        self.boundary = Boundary(held, self.journal, process_id, store)
        self.running = running
        self.timer = timer
        self.token = held.token
        self.columns_at_end: dict[str, Any] = {}
        self._flushed = time.monotonic()

    def drive(self) -> None:
        structlog.contextvars.bind_contextvars(
            correlation_id=self.execution.correlation_id, execution_id=self.execution.public_id
        )
        try:
            self._drive()
        except _Parked:
            return
        except _Yielded:
            self._yield()
        except CancelAsked:
            self._stop(Phase.CANCELLED, report.CANCELLED)
        except PauseAsked:
            self._stop(Phase.PAUSED, report.PAUSED)
        except Diverged as problem:
            error = WorkflowError.standard("runtime", str(problem))
            self._end(Failed(error, None), requires_manual_intervention=True)
        finally:
            structlog.contextvars.unbind_contextvars("correlation_id", "execution_id")

    def _drive(self) -> None:
        if self.boundary.cancel_asked:
            raise CancelAsked
        if self.boundary.pause_asked:
            raise PauseAsked
        self.walker = self._walker()
        try:
            limit_at = self._limit_at()
        except ExpressionError as problem:
            error = WorkflowError.standard("expression", str(problem), instance="/timeout/after")
            return self._end(Failed(error, None))
        walk = self.walker.run(limit_at)
        following = self._send(walk, None)
        while not isinstance(following, (Completed, Failed)):
            if isinstance(following, Breathe):
                self._flush_if_due()
                following = self._send(walk, None)
            elif isinstance(following, Park):
                self._park(following.until, following.waiting_for)
            else:
                following = self._effect(following, walk)
        self._end(following)

    def give_up(self, crashes: Crashes) -> None:
        """Set it aside for a person: the step at which its processes ended has failed, and the evidence is kept."""
        now = timezone.now()
        error = WorkflowError.standard("runtime", crashes.evidence())
        open_chain = [r for r in self.journal.chain_of(self.execution.current_step) if not r.is_finished()]
        # Counting begins anew when a person releases it; it is still driven alone then.
        for record in open_chain:
            record.error = error.as_json()
            self.journal.finish(record, StepStatus.FAILED, now)
        progress = (self.execution.progress_done, self.execution.progress_total)
        self.boundary.progress = lambda: progress
        self.boundary.columns |= {"crashes": None, "alone": True}
        self.boundary.events.append(
            report.recovery_failed(self.execution, crashes.evidence(), now, crashes=crashes.last)
        )
        self.boundary.also = partial(audit_giving_up, self.execution, crashes)
        path = open_chain[0].path if open_chain else None
        self._end(Failed(error, path), requires_manual_intervention=True)

    def _send(self, walk: Walking, answer: Done | Fail | None) -> Request | Ended:
        try:
            return walk.send(answer)
        except StopIteration as stop:
            ended: Ended = stop.value
            return ended
        except Diverged:
            raise
        except Exception as problem:
            # The walk is pure: walking again would end in the same error, for ever.
            log.exception("the walk broke off")
            detail = clean_text(f"Stigmer could not go on: {type(problem).__name__}: {problem}")
            self.columns_at_end["requires_manual_intervention"] = True
            return Failed(WorkflowError.standard("runtime", detail), None)

    def _walker(self) -> Walker:
        facts = surroundings.facts_for(self.execution, self.workflow, self.document, self.secrets)
        walker = Walker(self.workflow, self.journal, facts, now=timezone.now)
        self.boundary.progress = lambda: (walker.done, walker.total)
        return walker

    def _limit_at(self) -> datetime | None:
        """The workflow's own time limit; fixed at the first drive after a decision, as it starts anew there."""
        if self.workflow.timeout is None:
            return None
        if self.execution.timeout_at is None:
            timeout = self.workflow.timeout_of(self.workflow.timeout)
            assert timeout is not None
            scope = Scope(self.walker.facts.variables(), settings.STIGMER_EXPRESSION_SECONDS)
            seconds = scope.seconds_of(timeout.after, self.execution.input)
            self.execution.timeout_at = timezone.now() + timedelta(seconds=seconds)
            self.boundary.columns["timeout_at"] = self.execution.timeout_at
        return self.execution.timeout_at

    def _flush_if_due(self) -> None:
        """Pure tasks are written with the next effect, but never later than this."""
        many = len(self.journal.pending) >= settings.STIGMER_FLUSH_STEPS
        if many or time.monotonic() - self._flushed >= settings.STIGMER_FLUSH_SECONDS:
            self.boundary.commit()
            self._flushed = time.monotonic()

    def _effect(self, request: Effect, walk: Walking) -> Request | Ended:
        """Run one attempt and tell the walk how it ended; what the walk asks for next."""
        step = request.step
        # After a restore an effect is a new operation with a new key; one that had begun keeps its own.
        if step.id not in self.recorded:
            step.generation = max(step.generation, self.execution.generation)
        now = timezone.now()
        if step.wake_at is not None and step.wake_at > now and step.status == StepStatus.RETRYING:
            self._park(_sooner(step.wake_at, request.deadline_at), "back-off")
        if step.control.get("needs_decision"):
            self._ask(step, now)
        if "answer" in step.control:
            return self._send(walk, _answer_of(step.control.pop("answer")))
        effect = attempt.effect_of(request)
        try:
            policy = self._policy(request, effect)
            seconds = attempt.seconds_for(request, policy.attempt_seconds, now)
        except ExpressionError as problem:
            error = WorkflowError.standard("expression", str(problem))
            return self._send(walk, Fail(error, transient=False, rule="a duration of its policy"))
        if step.id in self.interrupted:
            self._note_interruption(step, effect, now)
        self._begin(step, now)
        self._flushed = time.monotonic()
        cancellation = Cancellation()
        context = attempt.context_for(self.execution, request, seconds, self.secrets, cancellation)
        with self.running.attempt(self.execution.pk, self.token, cancellation):
            if effect == "transactional":
                return self._transactional(request, context, policy, walk)
            outcome = attempt.run(request, context)
        if cancellation.requested.is_set() and not isinstance(outcome, Done):
            # Somebody asked, or the lease is lost: the boundary says which, before the failure is judged.
            self.boundary.commit()
        return self._send(walk, self._settle(request, outcome, policy, now))

    def _begin(self, step: StepRecord, now: datetime) -> None:
        """Commit *begun* before the effect. What was asked meanwhile is honoured here, before anything is run."""
        if self.running.stopping.is_set():
            raise _Yielded
        step.status, step.wake_at = StepStatus.RUNNING, None
        step.control.setdefault("first_attempt_at", now.isoformat())
        self.boundary.columns["current_step"] = step.path
        try:
            self.boundary.commit()
        except (CancelAsked, PauseAsked):
            # It was not run: on resume it must not look like an attempt that was interrupted.
            step.status = StepStatus.RETRYING
            self.journal.pending[step.id] = step
            raise

    def _note_interruption(self, step: StepRecord, effect: str, now: datetime) -> None:
        """An attempt began and its process died before the outcome was written."""
        self.interrupted.discard(step.id)
        self.boundary.attempts.append(
            AttemptRecord(
                step.id, step.attempt, "lost", step.started_at or now, now, rule="the worker process ended during it"
            )
        )
        step.attempt += 1
        log.warning("attempt was interrupted", path=step.path, attempt=step.attempt - 1, effect=effect)
        if effect == "at_most_once":
            self._ask(step, now)

    def _ask(self, step: StepRecord, now: datetime) -> None:
        """It may have happened: only a person can say whether to run it again."""
        if not step.control.get("needs_decision"):
            event = report.plain(report.NEEDS_DECISION, self.execution, now, step_name=step.name, path=step.path)
            event.notify_owner = True
            self.boundary.events.append(event)
        step.status = StepStatus.WAITING
        step.control["needs_decision"] = True
        self.journal.pending[step.id] = step
        self.boundary.columns["requires_manual_intervention"] = True
        self._park(None, "decision")

    def _policy(self, request: Effect, effect: str) -> Policy:
        own = request.task.metadata.retry
        at_most_once = effect == "at_most_once"
        if own is not None:
            return from_dsl(own, transient_only=True, at_most_once=at_most_once, seconds_of=request.seconds_of)
        policy = surroundings.default_policy()
        retries = 0 if request.retried_outside else policy.max_retries
        return Policy(
            max_retries=retries,
            backoff=policy.backoff,
            at_most_once=at_most_once,
            retry_after_cap_seconds=policy.retry_after_cap_seconds,
        )

    def _settle(self, request: Effect, outcome: Any, policy: Policy, began: datetime) -> Done | Fail:
        """What the attempt's outcome means: an answer for the walk, or a park until the next attempt."""
        step, now = request.step, timezone.now()
        if isinstance(outcome, Done):
            if step.attempt > 1:
                self.boundary.attempts.append(
                    AttemptRecord(step.id, step.attempt, "succeeded", began, now, log=clean_text(outcome.log))
                )
            return outcome
        assert isinstance(outcome, Fail)
        failures = int(step.control.get("failures", 0)) + 1
        step.control["failures"] = failures
        first = datetime.fromisoformat(step.control["first_attempt_at"])
        verdict = decide(policy, outcome, failures, (now - first).total_seconds(), random.random())
        error = self.secrets.redact(clean_error(outcome.error).as_json())
        record = AttemptRecord(
            step.id, step.attempt, "failed", began, now, error=error, log=clean_text(outcome.log), rule=verdict.rule,
            verdict="transient" if outcome.transient else "permanent",
        )  # fmt: skip
        self.boundary.attempts.append(record)
        if policy.at_most_once and outcome.transient and outcome.effect_possible:
            step.attempt += 1
            self._ask(step, now)
        if isinstance(verdict, Retry):
            self._retry_later(request, verdict, record, now)
        log.warning("step failed", path=step.path, attempt=step.attempt, verdict=record.verdict, rule=verdict.rule)
        return replace(outcome, error=WorkflowError(**error))

    def _retry_later(self, request: Effect, verdict: Retry, record: AttemptRecord, now: datetime) -> None:
        step = request.step
        record.delay_seconds = verdict.delay_seconds
        wake_at = now + timedelta(seconds=verdict.delay_seconds)
        log.warning(
            "step will be retried", path=step.path, attempt=step.attempt, rule=verdict.rule,
            delay_seconds=verdict.delay_seconds,
        )  # fmt: skip
        step.status, step.wake_at = StepStatus.RETRYING, wake_at
        self.boundary.events.append(report.retrying(self.execution, step, verdict.rule, verdict.delay_seconds, now))
        step.attempt += 1
        self.journal.pending[step.id] = step
        self.boundary.columns["retry_count"] = int(step.control["failures"])
        self._park(_sooner(wake_at, request.deadline_at), "back-off")

    def _transactional(self, request: Effect, context: StepContext, policy: Policy, walk: Walking) -> Request | Ended:
        """The function's own writes and its Step commit together: exactly once."""
        began = timezone.now()
        with transaction.atomic():
            self.boundary.commit(here=True)
            outcome = attempt.run(request, context, attempt.call_here)
            if isinstance(outcome, Done):
                following = self._send(walk, self._settle(request, outcome, policy, began))
                if request.step.status == StepStatus.SUCCEEDED:
                    if isinstance(following, Effect):
                        # Written with this commit though it was not begun: a crash must not look like a lost attempt.
                        following.step.status = StepStatus.RETRYING
                    self.boundary.commit(here=True)
                else:
                    # Its result could not be recorded (a schema, a size), so its writes must not stand either.
                    transaction.set_rollback(True)
                return following
            transaction.set_rollback(True)
        return self._send(walk, self._settle(request, outcome, policy, began))

    def _park(self, until: datetime | None, waiting_for: str) -> None:
        self.boundary.park(until, waiting_for)
        if self.timer is not None and until is not None:
            self.timer(self.execution.pk, self.execution.queue, until)
        raise _Parked

    def _yield(self) -> None:
        """Back to the queue; the step that was about to begin was not run."""
        for step in self.journal.pending.values():
            if step.kind == "call" and step.status == StepStatus.RUNNING:
                step.status = StepStatus.RETRYING
        self.boundary.release(Phase.PENDING, {"wake_at": timezone.now()}, ring=self.execution.queue)

    def _stop(self, phase: Phase, event: str) -> None:
        """Cancelled or paused at a boundary."""
        now = timezone.now()
        columns: dict[str, Any] = {"cancel_asked_at": None, "pause_asked_at": None}
        if phase == Phase.CANCELLED:
            columns["ended_at"] = now
            for step in self.journal.open_steps():
                step.status, step.finished_at, step.wake_at = StepStatus.CANCELLED, now, None
                self.journal.pending[step.id] = step
        self.boundary.events.append(report.plain(event, self.execution, now))
        self.boundary.release(phase, columns)

    def _end(self, ended: Ended, *, requires_manual_intervention: bool = False) -> None:
        now = timezone.now()
        columns: dict[str, Any] = {"ended_at": now, "cancel_asked_at": None, "pause_asked_at": None}
        if isinstance(ended, Completed):
            try:
                storable(ended.output, limit_bytes=settings.STIGMER_VALUE_BYTES)
            except NotStorable as problem:
                ended = Failed(WorkflowError.standard("runtime", f"The workflow's output: {problem}"), None)
        if isinstance(ended, Completed):
            total = self.walker.total
            columns |= {"output": AsJson(ended.output), "progress_done": total, "progress_total": total}
            columns |= {"current_step": "", "requires_manual_intervention": False}
            self.boundary.events.append(report.plain(report.COMPLETED, self.execution, now))
            self.boundary.release(Phase.COMPLETED, columns)
            log.info("execution completed")
            return
        columns |= self._failure(ended, now) | self.columns_at_end
        if requires_manual_intervention:
            columns["requires_manual_intervention"] = True
        self.boundary.release(Phase.FAILED, columns)
        log.error("execution failed", path=ended.path, reason=columns["failure_reason"])

    def _failure(self, failed: Failed, now: datetime) -> dict[str, Any]:
        error = self.secrets.redact(failed.error.as_json())
        reason = report.failure_reason(error)
        step = self.journal.steps.get(failed.path) if failed.path else None
        chain = self.journal.chain_of(failed.path) if failed.path else []
        can_skip = any(record.optional and record.status == StepStatus.FAILED for record in chain)
        name = step.name if step else "(workflow)"
        self.boundary.events.append(report.step_failed(self.execution, name, reason, can_skip=can_skip, at=now))
        failures = int(step.control.get("failures", 0)) if step else 0
        return {
            "error": AsJson(error), "failure_reason": reason, "failed_at": now, "retry_count": max(0, failures - 1),
            "current_step": failed.path or "",
        }  # fmt: skip


def _sooner(moment: datetime, limit: datetime | None) -> datetime:
    return moment if limit is None else min(moment, limit)


def _answer_of(answer: dict[str, Any]) -> Done | Fail:
    """A person's word on a step whose outcome nobody knew."""
    if "fail" in answer:
        error = WorkflowError.standard("runtime", str(answer["fail"]))
        return Fail(error, transient=False, rule="decided by a person")
    return Done(answer["output"])
