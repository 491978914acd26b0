"""A function whose own writes commit with its Step, in one transaction: exactly once.

If the database breaks the transaction off nothing of it stands, so the whole simply runs again, and
that is no attempt that failed. Only the walk cannot be taken back: where it went on already, the
next drive runs the step again.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog
from django.db import Error, connection, transaction

from executions import clock
from executions.calls.context import Cancellation
from executions.calls.outcome import Done, Fail
from executions.driving.attempts import attempt, watched
from executions.driving.drive import Drive, RolledBack
from executions.errors import WorkflowError
from executions.language.walking.requests import Effect, Ended, Request
from executions.language.walking.retry import Policy
from executions.models.passing import Trouble, trouble, was_idle
from executions.models.transactions import Patience, atomic
from executions.states import StepStatus

log = structlog.get_logger(__name__)
Send = Callable[[Done | Fail], Request | Ended]
"""Tells the walk how an effect ended; what it asks for next."""
Settle = Callable[[Any, Policy, datetime], Done | Fail]
"""The meaning of an attempt's outcome for the walk."""
Following = tuple[Request | Ended | None, Done | Fail]
"""The next request of the walk, where the function succeeded; else its failure.

Nothing is written then.
"""


def run(
    drive: Drive,
    request: Effect,
    policy: Policy,
    settle: Settle,
    send: Send,
    take_back: Callable[[], None],
) -> Request | Ended:
    """Run one attempt of it and tell the walk how it ended; what the walk asks for next.

    ``take_back`` says that it was not begun, where somebody asked for something before it could
    run. Raises :class:`RolledBack` where the walk had gone on when the database took the
    transaction back.
    """
    began, seen = clock.now(), drive.boundary.head_seq
    begun = replace(request.step, control=deepcopy(request.step.control))
    patience = Patience(for_ever=True, stop=drive.running.stopping)
    while True:
        try:
            following, failed = _in_one_transaction(drive, request, policy, settle, send, take_back)
        except watched.Overrun as overrun:
            following, failed = None, overrun.outcome
        except Error as problem:
            kind_of_trouble = trouble(problem)
            if kind_of_trouble is None:
                raise
            connection.close()
            drive.boundary.head_seq = seen
            if request.step.is_finished() or not patience.wait(kind_of_trouble):
                if kind_of_trouble is Trouble.SLOW:
                    # It would be again.
                    raise
                raise RolledBack(begun) from problem
            log.warning(
                "a transactional step runs again", path=begun.path, problem=str(problem).strip()
            )
            continue
        break
    if request.step.status != StepStatus.SUCCEEDED:
        drive.boundary.head_seq = seen
    return following or send(settle(failed, policy, began))


def _in_one_transaction(
    drive: Drive,
    request: Effect,
    policy: Policy,
    settle: Settle,
    send: Send,
    take_back: Callable[[], None],
) -> Following:
    began = clock.now()
    with atomic():
        drive.boundary.commit(here=True, take_back=take_back)
        outcome = _called(drive, request, policy)
        if isinstance(outcome, Done):
            with drive.hurried():
                following = send(settle(outcome, policy, began))
            if request.step.status == StepStatus.SUCCEEDED:
                drive.boundary.commit(here=True)
            else:
                # Its result could not be recorded (a schema, a size), so its writes must not stand
                # either.
                transaction.set_rollback(True)
            return following, outcome
        transaction.set_rollback(True)
    return None, outcome


def _called(drive: Drive, request: Effect, policy: Policy) -> Done | Fail:
    """Call the function. Its time counts from here: waiting for the database was none of its
    doing.
    """
    seconds = attempt.seconds_for(request, policy.attempt_seconds, clock.now())
    cancellation = Cancellation()
    context = attempt.context_for(drive.execution, request, seconds, drive.secrets, cancellation)
    with (
        drive.running.attempt(
            drive.execution.pk, drive.token, cancellation, context.deadline, attempt.named(request)
        ),
        _Met() as met,
    ):
        outcome = attempt.run(request, context, in_transaction=True)
    if not isinstance(outcome, Done) and met.is_lock_of_others():
        assert met.problem is not None
        raise met.problem
    return _unless_broken(outcome)


class _Met:
    """The last error that a statement of the function met, whatever the function made of it."""

    def __init__(self) -> None:
        self.problem: Error | None = None
        self._wrapping = connection.execute_wrapper(self._execute)

    def __enter__(self) -> _Met:
        self._wrapping.__enter__()
        return self

    def __exit__(self, *problem: object) -> None:
        # The connection may have been taken away with a function that did not end.
        if self._execute in connection.execute_wrappers:
            self._wrapping.__exit__(None, None, None)

    def is_lock_of_others(self) -> bool:
        return trouble(self.problem) is Trouble.BUSY

    def _execute(self, execute: Callable[..., Any], *statement: Any) -> Any:
        try:
            return execute(*statement)
        except Error as problem:
            self.problem = problem
            raise


def _unless_broken(outcome: Done | Fail) -> Done | Fail:
    """The outcome, unless the function swallowed an error of the database: then nothing can be
    committed any more.

    Raises django.db.Error where the connection was lost: the whole may run again.
    """
    if not isinstance(outcome, Done):
        return outcome
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as problem:
        if trouble(problem) is Trouble.AWAY and not was_idle(problem):
            raise
        detail = (
            "The function went on after an error of the database, so nothing of it can be"
            f" committed: {problem}"
        )
        error = WorkflowError.standard("runtime", detail.strip())
        return Fail(error, transient=False, rule="transaction broken", effect_possible=False)
    return outcome
