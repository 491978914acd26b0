"""Driving one execution: walk, commit a boundary, run an attempt, commit its outcome, and so on
until it ends or parks.

Every write names the lease's token. Zero rows mean that the execution is in other hands now:
:class:`Fenced` is raised and nothing more is written.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Generator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from django.db import Error

from executions import clock, sealed
from executions.agents.program import AgentProgram
from executions.agents.walking import AgentWalker
from executions.driving import agents, answering, endings, surroundings
from executions.driving.attempts import late_answers
from executions.driving.attempts.effects import run_effect
from executions.driving.attempts.running import Running
from executions.driving.attempts.turn import leave_out_waiting
from executions.driving.beside import Beside
from executions.driving.boundary import CancelAsked, PauseAsked
from executions.driving.crashes import Crashes
from executions.driving.drive import Drive, Parked, RolledBack, Timer, Yielded
from executions.driving.lease import Held, claim, give_back
from executions.driving.sending import BrokenOff, why
from executions.driving.store import Impatient, Store
from executions.driving.suspended import LEAST_STEPS_OF_A_KEEPER, Suspended, is_worth_keeping
from executions.driving.takeover import set_apart, take_over
from executions.errors import ExpressionError, Fenced, WorkflowError
from executions.journal.replay import Diverged
from executions.language.walking.requests import (
    Breathe,
    Completed,
    Effect,
    Emit,
    Ended,
    Failed,
    Fork,
    Listen,
    Park,
    Request,
    Spawn,
)
from executions.language.walking.walker import Walker
from executions.models.passing import Trouble, trouble

# A claim holds nothing yet: its slot is for others where somebody has locked what it needs.
CLAIM_SECONDS = 10.0
# Pure steps wait for the next effect to be written, but no more of them and no longer than this.
FLUSH_STEPS = 100
FLUSH_SECONDS = 1.0
log = structlog.get_logger(__name__)
Walking = Generator[Request, Any, Ended]


def advance(
    execution_id: uuid.UUID,
    *,
    process_id: uuid.UUID,
    store: Store,
    running: Running,
    timer: Timer | None = None,
    alone: bool = False,
) -> bool:
    """Take the execution if it is due and drive it as far as it goes.

    False: there was nothing to do.

    ``alone``: this process drives nothing else, and takes only what has to be driven so.
    Raises OperationalError where others had it locked for too long and nothing was taken.
    """
    claiming = partial(claim, execution_id, process_id, alone=alone, walks=running.walks)
    held = store.call(Impatient(claiming, CLAIM_SECONDS))
    if held is None:
        return False
    drive_held(held, process_id=process_id, store=store, running=running, timer=timer, alone=alone)
    return True


def drive_held(
    held: Held,
    *,
    process_id: uuid.UUID,
    store: Store,
    running: Running,
    timer: Timer | None = None,
    alone: bool = False,
) -> None:
    """Drive as far as it goes what this process has taken already."""
    execution_id = held.execution.pk
    running.walks.forget(execution_id)
    running.take(execution_id, held.token)
    drive: Drive | None = None
    try:
        taken_over = (
            True
            if held.execution.left_by_id is None
            else take_over(held, store, running.stopping, alone=alone)
        )
        if taken_over is True and not alone and held.is_quarantined:
            set_apart(held, store)
        elif taken_over is not False:
            drive = _drive_of(held, process_id, store, running, timer)
            Driver(drive, held.walk).run(None if taken_over is True else taken_over)
    except Fenced:
        log.warning(
            "lease lost, nothing was written",
            execution_id=held.execution.public_id,
            token=held.token,
        )
        if drive is not None:
            late_answers.keep(drive)
    except Error as problem:
        _broken_off(held, drive, store, problem)
    finally:
        running.let_go(execution_id, held.token)


def _drive_of(
    held: Held, process_id: uuid.UUID, store: Store, running: Running, timer: Timer | None
) -> Drive:
    if held.walk is None:
        return Drive(held, process_id, store, running, timer)
    held.walk.drive.go_on(held)
    return held.walk.drive


def _broken_off(held: Held, drive: Drive | None, store: Store, problem: Error) -> None:
    """The database did not take something.

    Trouble that passes is waited for elsewhere, and met here only as this process ends: then the
    next one goes on from the last commit. Trouble that would come again stops the run.
    """
    kind_of_trouble = trouble(problem)
    execution = held.execution
    with suppress(Fenced):
        if drive is not None and kind_of_trouble in (None, Trouble.SLOW):
            late_answers.stop(drive, problem)
        elif kind_of_trouble is None:
            raise problem
        else:
            log.warning(
                "drive broken off by the database",
                execution_id=execution.public_id,
                problem=str(problem),
            )
            store.call(
                partial(give_back, execution.pk, held.token, execution.queue, execution.owner_id)
            )


class Driver:
    """The loop between the walk and the boundary; ``kept`` is the walk that goes on."""

    def __init__(self, drive: Drive, kept: Suspended | None = None) -> None:
        self.drive = drive
        self._kept = kept
        self._flushed = time.monotonic()
        # The request at which the walk stands; None while it goes on from one to the next.
        self._stands: tuple[Walking, Request] | None = None

    def run(self, crashes: Crashes | None) -> None:
        """Drive it as far as it goes; where it crashed too often (``crashes``), set it aside."""
        structlog.contextvars.bind_contextvars(
            correlation_id=self.drive.execution.correlation_id,
            execution_id=self.drive.execution.public_id,
        )
        try:
            with sealed.calling(self.drive.running.caller(self.drive.execution.pk)):
                self._run() if crashes is None else endings.give_up(self.drive, crashes)
        except CancelAsked:
            endings.cancel(self.drive)
        finally:
            structlog.contextvars.unbind_contextvars("correlation_id", "execution_id")

    def _run(self) -> None:
        try:
            self._walk_and_let_go()
        except (Yielded, sealed.SealedClosed):
            endings.give_back(self.drive)
        except PauseAsked:
            endings.pause(self.drive)
        except RolledBack as broken_off:
            log.warning(
                "a transactional step was taken back by the database and runs again",
                path=broken_off.begun.path,
                problem=str(broken_off.__cause__).strip(),
            )
            endings.give_back_rolled_back(self.drive, broken_off.begun)
        except Diverged as problem:
            error = WorkflowError.standard("runtime", str(problem))
            endings.end(self.drive, Failed(error, None), requires_manual_intervention=True)

    def _walk_and_let_go(self) -> None:
        try:
            self._loop()
        except Parked as parked:
            stands = self._worth_keeping(parked)
            is_long = len(self.drive.journal.steps) >= LEAST_STEPS_OF_A_KEEPER
            self.drive.let_go(parked, keeps_walk=stands is not None and is_long)
            if stands is not None:
                self._keep(*stands)

    def _worth_keeping(self, parked: Parked) -> tuple[Walking, Request] | None:
        """The walk of a run that is about to wait, and the one request at which it stands; None
        where nothing of it is to be kept.
        """
        stands = self._stands
        if stands is None or parked.in_line or not isinstance(self.walker, Walker):
            return None
        is_one = not isinstance(stands[1], Fork)
        return stands if is_one and is_worth_keeping(self.drive, parked.until) else None

    def _keep(self, walk: Walking, request: Request) -> None:
        """Keep the walk of a run that waits for its next moment."""
        drive = self.drive
        boundary = drive.boundary
        drive.running.walks.keep(
            drive.execution.pk,
            Suspended(
                drive,
                walk,
                request,
                drive.token,
                boundary.head_seq,
                sealed.waited_seconds(),
            ),
        )

    def _loop(self) -> None:
        if self.drive.boundary.cancel_asked:
            raise CancelAsked
        if self.drive.boundary.pause_asked:
            raise PauseAsked
        try:
            walk, following = self._begun() if self._kept is None else self._gone_on(self._kept)
        except ExpressionError as problem:
            error = WorkflowError.standard("expression", str(problem), instance="/timeout/after")
            return endings.end(self.drive, Failed(error, None))
        while not isinstance(following, (Completed, Failed)):
            self._stands = walk, following
            if isinstance(following, Breathe):
                self._flush_if_due()
                following = self._send(walk, None)
            elif isinstance(following, Effect):
                self.drive.journal.check_nothing_was_missed([following.step])
                following = run_effect(self.drive, following, partial(self._send, walk))
                if isinstance(following, Breathe):
                    self.drive.boundary.hold_outcome()
                # Its boundary wrote what was pending, so the time until the next flush counts from
                # here.
                self._flushed = time.monotonic()
            elif isinstance(following, Park):
                self.drive.boundary.columns["current_step"] = following.step.path
                self.drive.park(following.until, following.waiting_for)
            elif isinstance(following, Fork):
                following = self._beside(walk, following)
            else:
                if isinstance(following, Spawn | Emit | Listen):
                    self.drive.journal.check_nothing_was_missed([following.step])
                following = self._send(walk, answering.answer_of(self.drive, following))
        endings.end(self.drive, following)

    def _begun(self) -> tuple[Walking, Request | Ended]:
        """The walk from the top. Raises ExpressionError where the time limit cannot be read."""
        leave_out_waiting(self.drive)
        self.walker = self._walker()
        walk = self.walker.run(self._limit_at())
        return walk, self._send(walk, None)

    def _gone_on(self, kept: Suspended) -> tuple[Walking, Request | Ended]:
        """The walk from where it stands: a pause is over, anything else is asked for again."""
        assert self.drive.walker is not None
        self.walker = self.drive.walker
        sealed.go_on_waiting_from(kept.waited_seconds)
        if isinstance(kept.request, Park):
            return kept.walk, self._send(kept.walk, None)
        return kept.walk, kept.request

    def _send(self, walk: Walking, answer: Any) -> Request | Ended:
        self._stands = None
        try:
            return walk.send(answer)
        except StopIteration as stop:
            ended: Ended = stop.value
            return ended
        except Exception as problem:
            error = why(problem)
            self.drive.columns_at_end["requires_manual_intervention"] = True
            return Failed(error, None)

    def _beside(self, walk: Walking, fork: Fork) -> Request | Ended:
        """Drive branches until they join: what the walk asks for next."""
        try:
            joined = Beside(self.drive, fork, self._flush_if_due).run()
        except BrokenOff as broken:
            self.drive.columns_at_end["requires_manual_intervention"] = True
            return Failed(broken.error, None)
        following = self._send(walk, joined)
        if isinstance(following, Breathe):
            self.drive.boundary.hold_outcome()
        return following

    def _walker(self) -> Walker | AgentWalker:
        facts = surroundings.facts_for(
            self.drive.execution, self.drive.workflow, self.drive.document, self.drive.secrets
        )
        walker: Walker | AgentWalker
        if isinstance(self.drive.workflow, AgentProgram):
            walker = agents.walker_for(self.drive, self.drive.workflow, facts)
        else:
            walker = Walker(self.drive.workflow, self.drive.journal, facts, now=clock.now)
        self.drive.walker = walker
        self.drive.show_progress()
        return walker

    def _limit_at(self) -> datetime | None:
        """The workflow's own time limit; fixed at the first drive after a decision, as it starts
        anew there.
        """
        if self.drive.workflow.timeout is None:
            return None
        if self.drive.execution.timeout_at is None:
            timeout = self.drive.workflow.timeout_of(self.drive.workflow.timeout)
            assert timeout is not None
            seconds = self.walker.facts.scope().seconds_of(
                timeout.after, self.drive.execution.input
            )
            self.drive.execution.timeout_at = clock.now() + timedelta(seconds=seconds)
            self.drive.boundary.columns["timeout_at"] = self.drive.execution.timeout_at
        return self.drive.execution.timeout_at

    def _flush_if_due(self) -> None:
        """Pure tasks are written with the next effect, but never later than this."""
        many = len(self.drive.journal.pending) >= FLUSH_STEPS
        if many or time.monotonic() - self._flushed >= FLUSH_SECONDS:
            self.drive.boundary.commit()
            self._flushed = time.monotonic()
