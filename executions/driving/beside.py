"""Driving branches beside each other: calls of all are made at the same time, one boundary writes
what came to its outcome meanwhile and what begins next.

The walks stay in the drive's own thread; only attempts of calls are made in others
(`driving.under_way`). While they run, the drive hears timers, answers and what is asked. It parks
when all branches are parked, and never ends with an attempt under way (`driving.resting`): a pause,
a stop of this process or a lost lease waits until all have come to their outcome.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from functools import partial
from typing import Any

from executions import clock
from executions.calls.outcome import Done, Fail
from executions.calls.python import step as python
from executions.calls.table import EVERY_CALL
from executions.driving import answering
from executions.driving.attempts import children, effects, transactional, turn
from executions.driving.attempts.effects import Ready, Stood
from executions.driving.drive import Drive, Parked, Yielded
from executions.driving.resting import come_to_rest, note, put_back_unsent
from executions.driving.sending import sent
from executions.driving.under_way import Call, UnderWay
from executions.journal.records import StepRecord
from executions.language.walking.frontier import Frontier, Lane, State
from executions.language.walking.requests import Effect, Fork, Joined, Park, Request, Spawn
from executions.language.walking.retry import Policy
from executions.states import StepStatus, WaitingFor

# So often it is looked whether something was asked, and whether the turn of what stands in line has
# come.
LOOK_SECONDS, TURN_SECONDS = 1.0, 0.05
# A wait that ends by itself when its moment has come; every other one ends by news.
_TIMED = (WaitingFor.TIMER, WaitingFor.BACK_OFF, WaitingFor.FUNCTION_PROCESS)
_WAITED_FOR = {kind: place for place, kind in enumerate(WaitingFor)}


class Beside:
    """The branches of one fork, driven until they join. ``breathe`` writes pure steps when that is
    due.
    """

    def __init__(self, drive: Drive, fork: Fork, breathe: Callable[[], None]) -> None:
        self._drive = drive
        self.breathe = breathe
        self._frontier = Frontier(fork, self)
        self._parked: dict[Lane, Parked] = {}
        self._under_way = UnderWay(drive)
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
            for parked in self._parked.values():
                _leave_line(parked)
            come_to_rest(self._drive, self._under_way, problem, self._settle)
            raise

    # The frontier's news and questions.

    def send(self, walk: Generator[Request, Any, Any], answer: Any) -> Request:
        return sent(walk, answer)

    def abandon(self, path: str) -> None:
        answering.close(self._drive, self._drive.journal.open_below(path))

    def is_replaying(self) -> bool:
        return bool(self._drive.journal.unvisited)

    def stand(self, lane: Lane) -> None:
        """A step that has not begun is not written with what others have done."""
        if not isinstance(lane.request, Park):
            self._drive.journal.pending.pop(_step(lane).id, None)

    def drop(self, lane: Lane, state: State) -> None:
        lane.walk.close()
        self._under_way.drop(lane)
        if (parked := self._parked.pop(lane, None)) is not None:
            _leave_line(parked)
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
            self._look_at_children()
            for lane in frontier.lanes(State.STANDS):
                if lane.state is State.STANDS and frontier.may_begin(lane):
                    is_new = self._see_to(lane) or is_new
            starts = self._under_way.starts
            for lane in [lane for lane in starts if not frontier.may_begin(lane)]:
                self._under_way.let_go(starts.pop(lane))
                lane.state, is_new = State.STANDS, True
            frontier.go_on()
            if not is_new:
                break
        return frontier.joined

    def _look_at_children(self) -> None:
        """The runs that several branches wait for or are about to start, in one question."""
        frontier = self._frontier
        children.look(
            self._drive,
            [
                lane.request.step
                for lane in frontier.lanes(State.STANDS)
                if isinstance(lane.request, Spawn) and frontier.may_begin(lane)
            ],
        )

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
        if is_call and not self._under_way.has_room():
            return False
        stood = Stood.of(self._drive, request.step)
        ready = effects.prepare(self._drive, request, stood)
        if not isinstance(ready, Ready):
            self._frontier.deliver(lane, ready)
            return True
        if ready.effect == "transactional":
            return self._see_to_alone(lane, request, stood, ready.policy)
        if not self._under_way.prepare(lane, request, stood, ready):
            return False
        lane.state = State.BUSY
        return True

    def _see_to_alone(self, lane: Lane, request: Effect, stood: Stood, policy: Policy) -> bool:
        """A function whose writes commit with its step: nothing else of the run is under way."""
        if self._under_way:
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

    # Boundaries.

    def _write_and_begin(self) -> None:
        """One boundary: what came to its outcome and what begins; then the calls are made.

        Raises Parked where nothing is under way.
        """
        drive = self._drive
        if not self._under_way:
            raise self._all_parked()
        if drive.running.stopping.is_set():
            raise Yielded
        for call in self._under_way.starts.values():
            step = call.request.step
            call.began = effects.enter(drive, step)
            drive.journal.pending[step.id] = step
            drive.boundary.gather(take_back=partial(call.stood.put_back, drive, step))
        if drive.boundary.has_gathered():
            self._commit()
        self._under_way.begin()

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
        awaits = tuple(child for each in parked for child in each.awaits)
        until = min(moments, default=None)
        return Parked(until, WaitingFor.joined(kinds), in_line=in_line, awaits=awaits)

    def _listen(self) -> None:
        """Wait until a call has come to its outcome, a moment has come, or something was asked."""
        came = list(self._under_way.that_came(self._seconds()))
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

    def _returned(self, call: Call, outcome: Done | Fail | None) -> None:
        """Tell the branch how its call came out."""
        if call.problem is not None:
            raise call.problem
        assert outcome is not None
        drive, step = self._drive, call.request.step
        if call.goes_again:
            effects.broken_off(drive, step)
            call.lane.state = State.STANDS
            return
        if call.is_broken_off(outcome):
            # Somebody asked, or the lease is lost: the boundary says which, before the failure is
            # judged.
            put_back_unsent(drive, call, outcome)
            drive.boundary.commit()
            step.status = StepStatus.RUNNING
        self._settle(call, outcome)

    def _settle(self, call: Call, outcome: Done | Fail) -> None:
        note(self._drive, call, outcome)
        try:
            answer = effects.settle(
                self._drive, call.request, outcome, call.ready.policy, call.began
            )
        except Parked as parked:
            self._park(call.lane, parked)
        else:
            self._frontier.deliver(call.lane, answer)

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
            self._under_way.seats[lane] = seat
            self._wake(lane)

    def _hear_of_others(self) -> None:
        """Something arrived: what does not only wait for its moment is looked at again."""
        if self._inbox == self._drive.boundary.inbox:
            return
        self._inbox = self._drive.boundary.inbox
        for lane, parked in list(self._parked.items()):
            if parked.waiting_for not in _TIMED:
                self._wake(lane)


def _step(lane: Lane) -> StepRecord:
    """The step at which a branch stands; each request but a breath names one."""
    step: StepRecord = lane.request.step  # type: ignore[union-attr]
    return step


def _leave_line(parked: Parked) -> None:
    for key in parked.in_line:
        python.leave(key)
