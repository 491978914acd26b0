"""Calls of a run's branches that are under way at the same time: each in a thread, and a slot, of
its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from queue import Empty, SimpleQueue

from executions import clock, sealed
from executions.calls.context import Cancellation, StepContext
from executions.calls.outcome import Done, Fail
from executions.driving.attempts import attempt, turn
from executions.driving.attempts.effects import Ready, Stood
from executions.driving.attempts.watched import Runner
from executions.driving.drive import Drive
from executions.isolation import Seat
from executions.language.walking.frontier import Lane
from executions.language.walking.requests import Effect

# Attempts of one run that are made at the same time.
MOST_AT_ONCE = 32


@dataclass(slots=True, eq=False)
class Call:
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
    # A person had it broken off.
    goes_again: bool = False

    def is_broken_off(self, outcome: Done | Fail) -> bool:
        return self.cancellation.requested.is_set() and isinstance(outcome, Fail)


Came = tuple[Call, Done | Fail | None]


class UnderWay:
    """``starts`` may begin with the next boundary, ``calls`` are made; ``seats`` are processes of
    functions that were fetched from the line.
    """

    def __init__(self, drive: Drive) -> None:
        self._drive = drive
        self.starts: dict[Lane, Call] = {}
        self.calls: dict[Lane, Call] = {}
        self.seats: dict[Lane, Seat] = {}
        self._came: SimpleQueue[Came] = SimpleQueue()

    def __bool__(self) -> bool:
        return bool(self.starts or self.calls)

    def has_room(self) -> bool:
        return len(self.calls) + len(self.starts) < MOST_AT_ONCE

    def prepare(self, lane: Lane, request: Effect, stood: Stood, ready: Ready) -> bool:
        """Let it begin with the next boundary. False: there is no slot for it now."""
        drive, has_place = self._drive, bool(self)
        if has_place and not drive.running.places.take(drive.execution.owner_id):
            return False
        call = Call(lane, request, stood, ready, has_place)
        try:
            seat = self.seats.pop(lane, None)
            call.seat = seat or turn.seat_for(drive, request, in_place=False)
        except BaseException:
            self.let_go(call)
            raise
        self.starts[lane] = call
        return True

    def let_go(self, call: Call) -> None:
        """It does not begin."""
        if call.seat is not None:
            call.seat.release()
        if call.has_place:
            self._drive.running.places.give(self._drive.execution.owner_id)

    def drop(self, lane: Lane) -> None:
        """Its branch has lost: whatever it gives is of no use to anybody."""
        if (call := self.starts.pop(lane, None)) is not None:
            self.let_go(call)
        if (call := self.calls.pop(lane, None)) is not None:
            call.cancellation.request()
        if (seat := self.seats.pop(lane, None)) is not None:
            seat.release()

    def begin(self) -> None:
        """Make the calls whose beginning is written now."""
        drive = self._drive
        while self.starts:
            lane, call = self.starts.popitem()
            self.calls[lane] = call
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

    def that_came(self, seconds: float) -> Iterator[Came]:
        """The attempts that have ended meanwhile, waiting so long for the first; losers of a race
        are left out.
        """
        try:
            came = self._came.get(timeout=seconds) if seconds else self._came.get_nowait()
            while True:
                if self.calls.pop(came[0].lane, None) is not None:
                    yield came
                came = self._came.get_nowait()
        except Empty:
            return

    def give_back(self) -> None:
        """Nothing new begins any more."""
        for call in self.starts.values():
            self.let_go(call)
        for seat in self.seats.values():
            seat.release()

    def _make(self, call: Call, context: StepContext) -> None:
        drive, outcome = self._drive, None
        try:
            caller = drive.running.caller(drive.execution.pk)
            is_running = drive.running.attempt(
                drive.execution.pk,
                drive.token,
                call.cancellation,
                context.deadline,
                attempt.named(call.request),
                is_once=call.ready.effect == "at_most_once",
            )
            with call.seat or nullcontext(), sealed.calling(caller), is_running as running:
                outcome = attempt.run(call.request, context)
            call.goes_again = running.is_broken_off and isinstance(outcome, Fail)
        except BaseException as problem:
            call.problem = problem
        finally:
            if call.has_place:
                drive.running.places.give(drive.execution.owner_id)
            self._came.put((call, outcome))
