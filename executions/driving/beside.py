"""Driving branches beside each other: calls of all are made at the same time, one boundary writes
what came to its outcome meanwhile and what begins next.

The walks stay in the drive's own thread; only attempts of calls are made in others, each in a slot
of its own, at most MOST_AT_ONCE of a run. While they run, the drive hears timers, answers and what
is asked. It parks when all branches are parked, and never ends with an attempt under way: a pause,
a stop of this process or a lost lease waits until all have come to their outcome, and writes or
keeps these.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import nullcontext, suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from django.db import Error

from executions import clock, sealed
from executions.calls.context import Cancellation, StepContext
from executions.calls.outcome import Done, Fail
from executions.calls.python import step as python
from executions.calls.table import EVERY_CALL
from executions.driving import answering
from executions.driving.attempts import attempt, effects, transactional, turn
from executions.driving.attempts.effects import Ready, Stood
from executions.driving.attempts.watched import Runner
from executions.driving.boundary import CancelAsked, PauseAsked
from executions.driving.drive import Drive, Parked, RolledBack, Yielded
from executions.driving.sending import BrokenOff, sent
from executions.errors import Fenced
from executions.isolation import Seat
from executions.journal.records import StepRecord
from executions.journal.replay import Diverged
from executions.language.walking.frontier import Frontier, Lane, State
from executions.language.walking.requests import Effect, Fork, Joined, Park, Request
from executions.language.walking.retry import Policy
from executions.states import StepStatus, WaitingFor

# Attempts of one run that are made at the same time.
MOST_AT_ONCE = 32
# So often it is looked whether something was asked, and whether the turn of what stands in line has
# come.
LOOK_SECONDS, TURN_SECONDS = 1.0, 0.05
# What comes by itself when its moment has come; anything else is heard of.
_TIMED = (WaitingFor.TIMER, WaitingFor.BACK_OFF, WaitingFor.FUNCTION_PROCESS)
_WAITED_FOR = {kind: place for place, kind in enumerate(WaitingFor)}


@dataclass(slots=True, eq=False)
class _Call:
    """An attempt that is made in another thread; ``began`` is set as it begins."""

    lane: Lane
    request: Effect
    stood: Stood
    ready: Ready
    has_place: bool
    seat: Seat | None = None
    began: datetime = field(default_factory=clock.now)
    cancellation: Cancellation = field(default_factory=Cancellation)
    problem: BaseException | None = None


_Came = tuple[_Call, Done | Fail | None]


class Beside:
    """The branches of one fork, driven until they join. ``breathe`` writes pure steps when that is
    due.
    """

    def __init__(self, drive: Drive, fork: Fork, breathe: Callable[[], None]) -> None:
        self._drive = drive
        self.breathe = breathe
        self._frontier = Frontier(fork, self)
        self._parked: dict[Lane, Parked] = {}
        # Calls that may begin with the next boundary, and those that are made.
        self._starts: dict[Lane, _Call] = {}
        self._calls: dict[Lane, _Call] = {}
        # Processes of functions that were fetched from the line.
        self._seats: dict[Lane, Seat] = {}
        self._came: SimpleQueue[_Came] = SimpleQueue()
        self._inbox = drive.boundary.inbox
        self._looked = time.monotonic()

    def run(self) -> Joined:
        """How the branches ended. Raises Parked where all that are left wait."""
        try:
            self._frontier.begin()
            while (joined := self._see_to_requests()) is None:
                self._write_and_begin()
                self._listen()
            return joined
        except Parked:
            raise
        except BaseException as problem:
            self._come_to_rest(problem)
            raise

    # What the frontier tells and asks.

    def send(self, walk: Generator[Request, Any, Any], answer: Any) -> Request:
        return sent(walk, answer)

    def abandon(self, path: str) -> None:
        answering.close(self._drive, self._drive.journal.open_below(path))

    def is_replaying(self) -> bool:
        return bool(self._drive.journal.unvisited)

    def stand(self, lane: Lane) -> None:
        """What has not begun is not written with what others have done."""
        if not isinstance(lane.request, Park):
            self._drive.journal.pending.pop(_step(lane).id, None)

    def drop(self, lane: Lane, state: State) -> None:
        lane.walk.close()
        if (call := self._starts.pop(lane, None)) is not None:
            self._let_go(call)
        if (call := self._calls.pop(lane, None)) is not None:
            # It has lost: whatever it gives is of no use to anybody.
            call.cancellation.request()
        if (parked := self._parked.pop(lane, None)) is not None:
            _leave_line(parked)
        if (seat := self._seats.pop(lane, None)) is not None:
            seat.release()
        if state is State.STANDS and _step(lane).id not in self._drive.journal.written:
            self._drive.journal.forget(_step(lane))

    def over(self, fork: Fork, *, is_won: bool) -> None:
        self._drive.journal.pass_over(fork.step.path)
        if is_won:
            answering.close(self._drive, self._drive.journal.open_below(fork.step.path))

    # Requests.

    def _see_to_requests(self) -> Joined | None:
        """Answer what can be answered now and prepare the calls that may begin, until all wait."""
        frontier = self._frontier
        while frontier.joined is None:
            self._judge()
            is_new = False
            for lane in frontier.lanes(State.STANDS):
                if lane.state is State.STANDS and frontier.may_begin(lane):
                    is_new = self._see_to(lane) or is_new
            for lane in [lane for lane in self._starts if not frontier.may_begin(lane)]:
                self._let_go(self._starts.pop(lane))
                lane.state, is_new = State.STANDS, True
            frontier.go_on()
            if not is_new:
                break
        return frontier.joined

    def _judge(self) -> None:
        """Before anything begins: all branches have been walked to their first request."""
        steps = [
            _step(lane)
            for lane in self._frontier.lanes(State.STANDS)
            if not isinstance(lane.request, Park)
        ]
        if steps:
            self._drive.journal.check_nothing_was_missed(steps)

    def _see_to(self, lane: Lane) -> bool:
        """Whether anything became of what this branch asks for; else there is no room for it."""
        request = lane.request
        try:
            if isinstance(request, Park):
                raise Parked(request.until, request.waiting_for)
            if isinstance(request, Effect):
                return self._see_to_call(lane, request)
            step = _step(lane)
            self._drive.journal.pending[step.id] = step
            answer = answering.answer_of(self._drive, request)
        except Parked as parked:
            self._park(lane, parked)
        else:
            self._frontier.deliver(lane, answer)
        return True

    def _see_to_call(self, lane: Lane, request: Effect) -> bool:
        is_call = not EVERY_CALL[request.call].asks_people
        if is_call and len(self._calls) + len(self._starts) >= MOST_AT_ONCE:
            return False
        stood = Stood.of(self._drive, request.step)
        found = effects.prepare(self._drive, request, stood)
        if not isinstance(found, Ready):
            self._frontier.deliver(lane, found)
            return True
        if found.effect == "transactional":
            return self._see_to_alone(lane, request, stood, found.policy)
        has_place = bool(self._calls or self._starts)
        if has_place and not self._drive.running.places.take(self._drive.execution.owner_id):
            return False
        call = _Call(lane, request, stood, found, has_place)
        try:
            seat = self._seats.pop(lane, None)
            call.seat = seat or turn.seat_for(self._drive, request, in_place=False)
        except BaseException:
            self._let_go(call)
            raise
        lane.state = State.BUSY
        self._starts[lane] = call
        return True

    def _see_to_alone(self, lane: Lane, request: Effect, stood: Stood, policy: Policy) -> bool:
        """A function whose writes commit with its step: nothing else of the run is under way."""
        if self._calls or self._starts:
            return False
        drive, step = self._drive, request.step
        if drive.boundary.has_gathered():
            self._commit()
        drive.journal.pending[step.id] = step
        effects.enter(drive, step)

        def send(answer: Done | Fail) -> Any:
            self._frontier.deliver(lane, answer)
            return lane

        transactional.run(
            drive,
            request,
            policy,
            partial(effects.settle, drive, request),
            send,
            partial(stood.put_back, drive, step),
        )
        return True

    def _park(self, lane: Lane, parked: Parked) -> None:
        lane.state = State.PARKED
        self._parked[lane] = parked
        self._drive.boundary.gather(parked.also, parked.take_back)

    def _let_go(self, call: _Call) -> None:
        """It does not begin."""
        if call.seat is not None:
            call.seat.release()
        if call.has_place:
            self._drive.running.places.give(self._drive.execution.owner_id)

    # Boundaries.

    def _write_and_begin(self) -> None:
        """One boundary: what came to its outcome and what begins; then the calls are made.

        Raises Parked where nothing is under way.
        """
        drive = self._drive
        if not self._starts and not self._calls:
            raise self._all_parked()
        if drive.running.stopping.is_set():
            raise Yielded
        for call in self._starts.values():
            step = call.request.step
            call.began = effects.enter(drive, step)
            drive.journal.pending[step.id] = step
            drive.boundary.gather(take_back=partial(call.stood.put_back, drive, step))
        if drive.boundary.has_gathered():
            self._commit()
        while self._starts:
            lane, call = self._starts.popitem()
            self._calls[lane] = call
            context = attempt.context_for(
                drive.execution,
                call.request,
                call.ready.seconds,
                drive.secrets,
                call.cancellation,
                call.seat,
                call.ready.resources,
                drive.token,
            )
            Runner.take().do(partial(copy_context().run, self._make, call, context))

    def _commit(self) -> None:
        self._drive.boundary.commit()
        self._hear_of_others()

    def _all_parked(self) -> Parked:
        """All that are left wait: until the first of them is due, or for any of what they wait
        for.
        """
        assert self._parked, "a branch neither waits nor goes on"
        parked = self._parked.values()
        moments = [each.until for each in parked if each.until is not None]
        kinds = sorted(
            {each.waiting_for for each in parked},
            key=lambda kind: _WAITED_FOR.get(WaitingFor(kind), 0),
        )
        self._drive.boundary.columns["current_step"] = _step(next(iter(self._parked))).path
        in_line = tuple(key for each in parked for key in each.in_line)
        return Parked(min(moments, default=None), WaitingFor.joined(kinds), in_line=in_line)

    # Attempts in other threads.

    def _make(self, call: _Call, context: StepContext) -> None:
        drive, outcome = self._drive, None
        try:
            caller = drive.running.caller(drive.execution.pk)
            is_running = drive.running.attempt(
                drive.execution.pk,
                drive.token,
                call.cancellation,
                context.deadline,
                is_once=call.ready.effect == "at_most_once",
            )
            with call.seat or nullcontext(), sealed.calling(caller), is_running:
                outcome = attempt.run(call.request, context)
        except BaseException as problem:
            call.problem = problem
        finally:
            if call.has_place:
                drive.running.places.give(drive.execution.owner_id)
            self._came.put((call, outcome))

    def _listen(self) -> None:
        """Wait until a call has come to its outcome, a moment has come, or something was asked."""
        came = list(self._that_came(self._seconds()))
        for call, outcome in came:
            self._returned(call, outcome)
        if came:
            self._drive.boundary.hold_outcome()
        now = clock.now()
        for lane, parked in list(self._parked.items()):
            if parked.in_line:
                self._look_at_line(lane)
            elif parked.until is not None and parked.until <= now:
                self._wake(lane)
        if time.monotonic() - self._looked >= LOOK_SECONDS:
            self._looked = time.monotonic()
            self._drive.boundary.hear()
            self._hear_of_others()
        self._frontier.go_on()

    def _seconds(self) -> float:
        """How long to wait for outcomes before something else has to be looked at."""
        seconds = LOOK_SECONDS - (time.monotonic() - self._looked)
        now = clock.now()
        for parked in self._parked.values():
            if parked.in_line:
                seconds = min(seconds, TURN_SECONDS)
            elif parked.until is not None:
                seconds = min(seconds, (parked.until - now).total_seconds())
        return max(0.0, seconds)

    def _that_came(self, seconds: float) -> Iterator[_Came]:
        """What has come meanwhile, waiting so long for the first; losers of a race are left out."""
        try:
            came = self._came.get(timeout=seconds) if seconds else self._came.get_nowait()
            while True:
                if self._calls.pop(came[0].lane, None) is not None:
                    yield came
                came = self._came.get_nowait()
        except Empty:
            return

    def _returned(self, call: _Call, outcome: Done | Fail | None) -> None:
        """Tell the branch how its call came out."""
        if call.problem is not None:
            raise call.problem
        assert outcome is not None
        drive, step = self._drive, call.request.step
        if _is_broken_off(call, outcome):
            # Somebody asked, or the lease is lost: the boundary says which, before the failure is
            # judged.
            self._put_back_unsent(call, outcome)
            drive.boundary.commit()
            step.status = StepStatus.RUNNING
        self._settle(call, outcome)

    def _settle(self, call: _Call, outcome: Done | Fail) -> None:
        self._note(call, outcome)
        try:
            answer = effects.settle(
                self._drive, call.request, outcome, call.ready.policy, call.began
            )
        except Parked as parked:
            self._park(call.lane, parked)
        else:
            self._frontier.deliver(call.lane, answer)

    def _note(self, call: _Call, outcome: Done | Fail) -> None:
        step = call.request.step
        self._drive.boundary.came[step.id] = effects.came(step, outcome, call.began)

    def _put_back_unsent(self, call: _Call, outcome: Done | Fail) -> None:
        if isinstance(outcome, Fail) and not outcome.effect_possible:
            step = call.request.step
            Stood.of(self._drive, step).put_back(self._drive, step)

    # What waits.

    def _wake(self, lane: Lane) -> None:
        """Go on with a branch that waited, or see that it has to wait on."""
        del self._parked[lane]
        if isinstance(lane.request, Park):
            self._frontier.deliver(lane, None)
        else:
            lane.state = State.STANDS

    def _look_at_line(self, lane: Lane) -> None:
        assert isinstance(lane.request, Effect)
        seat = turn.fetched(self._drive, lane.request)
        if seat is not None:
            self._seats[lane] = seat
            self._wake(lane)

    def _hear_of_others(self) -> None:
        """Something arrived: what does not only wait for its moment is looked at again."""
        if self._inbox == self._drive.boundary.inbox:
            return
        self._inbox = self._drive.boundary.inbox
        for lane, parked in list(self._parked.items()):
            if parked.waiting_for not in _TIMED:
                self._wake(lane)

    # The end of the drive.

    def _come_to_rest(self, problem: BaseException) -> None:
        """Nothing new begins, and the drive ends with this problem: what is under way comes to its
        outcome, which is written, or kept where nothing can be written any more.
        """
        drive = self._drive
        for call in self._starts.values():
            self._let_go(call)
        for parked in self._parked.values():
            _leave_line(parked)
        for seat in self._seats.values():
            seat.release()
        if isinstance(problem, CancelAsked):
            for call in self._calls.values():
                call.cancellation.request()
        elif isinstance(problem, Fenced):
            drive.running.lose(drive.execution.pk, drive.token)
        lost: BaseException | None = None if isinstance(problem, _AT_REST) else problem
        while self._calls:
            for call, outcome in self._that_came(LOOK_SECONDS):
                if outcome is not None:
                    self._kept(call, outcome, is_written=lost is None)
            if lost is None and drive.boundary.has_gathered():
                try:
                    drive.boundary.record()
                except (Fenced, Error) as found:
                    lost = found
        if lost is not None and lost is not problem:
            raise lost from problem

    def _kept(self, call: _Call, outcome: Done | Fail, *, is_written: bool) -> None:
        if _is_broken_off(call, outcome):
            if is_written:
                self._put_back_unsent(call, outcome)
        elif is_written:
            # A branch whose expressions cannot be evaluated now has kept what its call gave.
            with suppress(Yielded):
                self._settle(call, outcome)
        else:
            self._note(call, outcome)


# A drive that ends with one of these is still the one that writes.
_AT_REST = (CancelAsked, PauseAsked, Yielded, Diverged, BrokenOff, RolledBack)


def _step(lane: Lane) -> StepRecord:
    """The step at which a branch stands; each request but a breath names one."""
    step: StepRecord = lane.request.step  # type: ignore[union-attr]
    return step


def _is_broken_off(call: _Call, outcome: Done | Fail) -> bool:
    return call.cancellation.requested.is_set() and isinstance(outcome, Fail)


def _leave_line(parked: Parked) -> None:
    for key in parked.in_line:
        python.leave(key)
