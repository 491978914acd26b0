"""The two lanes: warm children that all owners share, and slow calls apart, one of each owner."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue

from executions.sealed.errors import SealedError, SealedHung, SealedTimedOut
from executions.sealed.limits import Limits
from executions.sealed.places import Places
from executions.sealed.process import Reply, SealedChild
from executions.sealed.stock import Stock, is_worn
from executions.sealed.texts import Texts

# A program that takes more than this part of the lane's time again and again is slow. The first
# time of a jq program takes a fifth of it, to compile it.
_LONG_PART = 0.4
# A call that hung, or that finds no place although its owner has none, is tried once more: perhaps
# the machine was at fault.
_TRIES = 2
_LOOK_EVERY_CALLS = 500
_WEARING_SECONDS = 0.01
_STEPS_BACK_AFTER_SECONDS = 0.01
_RESTING = 2


class Lanes:
    """The children of one process and who uses which. Any number of threads may call."""

    def __init__(self, limits: Limits) -> None:
        self._lane_seconds = limits.lane_seconds
        self.stock = Stock(limits)
        self._slow = Places(limits.slow, limits.slow_each)
        self._once = Places(limits.once, limits.once_each)
        self._texts = Texts()
        # The holder of a turn uses a shared child of its own: the last one that was used, if any.
        self._turns: SimpleQueue[None] = SimpleQueue()
        for _ in range(limits.shared):
            self._turns.put(None)
        self._shared: list[SealedChild] = []
        self._rest_lock = threading.Lock()
        self._resting: list[SealedChild] = []

    def call(
        self,
        frame: bytes,
        owner: str,
        seconds: float,
        text: str,
        heavy: bool,
        most_waiting: int | None = None,
    ) -> Reply:
        """The answer to a frame. ``text`` is what makes a call slow or quick; one that is
        ``heavy`` does not try the shared children. Raises a :class:`SealedError`."""
        if not heavy and not self._texts.is_slow(owner, text):
            for _ in range(_TRIES):
                try:
                    reply = self._in_shared(frame, owner, seconds, text)
                except SealedHung:
                    continue
                if reply is not None:
                    return reply
                if self._slow.has(owner):
                    break
        reply = self._apart(frame, owner, seconds, most_waiting)
        self._judge(reply, owner, text)
        return reply

    def call_once(self, frame: bytes, owner: str, seconds: float) -> Reply:
        """The answer of a child that never worked and never will again."""
        self._once.enter(owner)
        try:
            child = self.stock.fresh()
            try:
                return _in_time(child.ask(frame, seconds), seconds)
            finally:
                self.stock.end(child)
        finally:
            self._once.leave(owner)

    def close(self) -> None:
        """End every child; calls that run or wait end with an error."""
        self._slow.close()
        self._once.close()
        self.stock.close()

    def _in_shared(self, frame: bytes, owner: str, seconds: float, text: str) -> Reply | None:
        """The answer, or None where the call has to begin anew apart from the others."""
        self._turns.get()
        try:
            if self._slow.has(owner) and not self._texts.is_quick(text):
                return None
            child = self._last_used()
            try:
                reply = child.ask(frame, self._lane_seconds)
            except SealedError:
                self.stock.end(child)
                raise
            if reply is not None:
                self._judge(reply, owner, text)
                if child.calls % _LOOK_EVERY_CALLS == 0 and is_worn(child):
                    self.stock.end(child)
                else:
                    self._shared.append(child)
                return reply
            self._texts.was_slow(owner, text)
            stays = self._slow.enter_now(owner)
        finally:
            self._turns.put(None)
        if not stays:
            self.stock.end(child)
            return None
        try:
            return self._ended(child, child.wait, seconds)
        finally:
            self._slow.leave(owner)

    def _last_used(self) -> SealedChild:
        """The one whose memory is the warmest."""
        try:
            return self._shared.pop()
        except IndexError:
            return self.stock.fresh()

    def _judge(self, reply: Reply, owner: str, text: str) -> None:
        if reply.cpu_seconds > self._lane_seconds * _LONG_PART:
            self._texts.was_long(owner, text)
        else:
            self._texts.was_quick(owner, text)

    def _apart(self, frame: bytes, owner: str, seconds: float, most_waiting: int | None) -> Reply:
        self._slow.enter(owner, most_waiting)
        try:
            child = self._rested()
            return self._ended(child, partial(child.ask, frame), seconds)
        finally:
            self._slow.leave(owner)

    def _rested(self) -> SealedChild:
        with self._rest_lock:
            if self._resting:
                return self._resting.pop()
        return self.stock.fresh()

    def _ended(
        self, child: SealedChild, answer: Callable[[float], Reply | None], seconds: float
    ) -> Reply:
        """The answer of a slow child. One that takes really long steps back behind those who drive
        executions, and ends afterwards; any other rests."""
        keep = False
        try:
            reply = answer(min(seconds, _STEPS_BACK_AFTER_SECONDS))
            if reply is not None:
                keep = reply.cpu_seconds < _WEARING_SECONDS or not is_worn(child)
                return reply
            child.step_back()
            return _in_time(child.wait(seconds), seconds)
        finally:
            with self._rest_lock:
                keep = keep and len(self._resting) < _RESTING and not self.stock.is_closed
                if keep:
                    self._resting.append(child)
            if not keep:
                self.stock.end(child)


def _in_time(reply: Reply | None, seconds: float) -> Reply:
    if reply is None:
        raise SealedTimedOut(f"it did not end within {seconds:g} s and was stopped")
    return reply
