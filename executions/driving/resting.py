"""The end of a drive with branches: what is under way comes to its outcome first, which is written,
or kept where nothing can be written any more.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from django.db import Error

from executions.calls.outcome import Done, Fail
from executions.driving.attempts import effects
from executions.driving.attempts.effects import Stood
from executions.driving.boundary import CancelAsked, PauseAsked
from executions.driving.drive import Drive, RolledBack, Yielded
from executions.driving.sending import BrokenOff
from executions.driving.under_way import Call, UnderWay
from executions.errors import Fenced
from executions.journal.replay import Diverged

LOOK_SECONDS = 1.0
# A drive that ends with one of these is still the one that writes.
_AT_REST = (CancelAsked, PauseAsked, Yielded, Diverged, BrokenOff, RolledBack)
Settle = Callable[[Call, Done | Fail], None]


def come_to_rest(drive: Drive, under_way: UnderWay, problem: BaseException, settle: Settle) -> None:
    """Nothing new begins, and the drive ends with this problem. ``settle`` tells a branch how its
    call came out.
    """
    under_way.give_back()
    if isinstance(problem, CancelAsked):
        for call in under_way.calls.values():
            call.cancellation.request()
    elif isinstance(problem, Fenced):
        drive.running.lose(drive.execution.pk, drive.token)
    lost: BaseException | None = None if isinstance(problem, _AT_REST) else problem
    while under_way.calls:
        for call, outcome in under_way.that_came(LOOK_SECONDS):
            if outcome is not None:
                _keep(drive, call, outcome, settle if lost is None else None)
        if lost is None and drive.boundary.has_gathered():
            try:
                drive.boundary.record()
            except (Fenced, Error) as trouble:
                lost = trouble
    if lost is not None and lost is not problem:
        raise lost from problem


def _keep(drive: Drive, call: Call, outcome: Done | Fail, settle: Settle | None) -> None:
    if call.is_broken_off(outcome):
        if settle is not None:
            put_back_unsent(drive, call, outcome)
    elif settle is not None:
        # A branch whose expressions cannot be evaluated now has kept what its call gave.
        with suppress(Yielded):
            settle(call, outcome)
    else:
        note(drive, call, outcome)


def note(drive: Drive, call: Call, outcome: Done | Fail) -> None:
    """The attempt's outcome, which the next boundary writes."""
    step = call.request.step
    drive.boundary.came[step.id] = effects.came(step, outcome, call.began)


def put_back_unsent(drive: Drive, call: Call, outcome: Done | Fail) -> None:
    """A call that was broken off before anything was sent has not begun."""
    if isinstance(outcome, Fail) and not outcome.effect_possible:
        step = call.request.step
        Stood.of(drive, step).put_back(drive, step)
