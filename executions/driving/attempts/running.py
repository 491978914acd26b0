"""The executions that threads of this process drive right now, so that a person's ask can reach an
attempt.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from executions import sealed
from executions.calls.context import Cancellation, Deadline
from executions.driving.suspended import SuspendedWalks

OVERDUE_SECONDS = 10.0


class Places(Protocol):
    """Slots for attempts beside the one that a drive makes itself."""

    def take(self, owner_id: int) -> bool:
        """Whether there is a place for an attempt of this owner; then it is taken."""
        ...

    def give(self, owner_id: int) -> None:
        """A place is free again."""
        ...


class Unbounded:
    """As many places as are asked for."""

    def take(self, owner_id: int) -> bool:
        return True

    def give(self, owner_id: int) -> None:
        pass


@dataclass(frozen=True, slots=True)
class AttemptedStep:
    """Which attempt of which step.

    ``tells_itself``: it shows what it does while it does it. ``why_not`` says why it cannot be
    broken off, where it cannot.
    """

    path: str
    number: int
    tells_itself: bool = False
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Silent:
    """An attempt that has shown no progress for ``seconds``; ``seconds_left`` until its limit."""

    execution_id: uuid.UUID
    token: int
    path: str
    number: int
    seconds: float
    seconds_left: float
    why_not: str


# Each is another one, whatever it holds.
@dataclass(slots=True, eq=False)
class RunningAttempt:
    """An attempt that runs. ``is_broken_off``: a person wanted it to end, to be made again."""

    token: int
    cancellation: Cancellation
    deadline: Deadline
    of: AttemptedStep
    is_once: bool
    began: float = field(default_factory=time.monotonic)
    is_broken_off: bool = False


class Running:
    """Execution id → token and the attempts that run, of which branches have several."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self.walks = SuspendedWalks()
        # Gives the attempts of a run that are made beside another one their places.
        self.places: Places = Unbounded()
        self._held: dict[uuid.UUID, int] = {}
        self._callers: dict[uuid.UUID, sealed.Caller] = {}
        self._attempts: dict[uuid.UUID, list[RunningAttempt]] = {}

    def take(self, execution_id: uuid.UUID, token: int) -> None:
        with self._lock:
            self._held[execution_id] = token
            self._callers[execution_id] = sealed.Caller()

    def caller(self, execution_id: uuid.UUID) -> sealed.Caller | None:
        """In whose name the expressions of this execution wait for their turn."""
        with self._lock:
            return self._callers.get(execution_id)

    def stop_waiting(self, execution_id: uuid.UUID) -> None:
        """Somebody asked something of it: it gives up its turn and is driven again."""
        caller = self.caller(execution_id)
        if caller is not None:
            caller.give_up()

    def let_go(self, execution_id: uuid.UUID, token: int) -> None:
        """Only the driver that took it may let go: a newer one may have taken it meanwhile."""
        with self._lock:
            if self._held.get(execution_id) == token:
                del self._held[execution_id]
                self._callers.pop(execution_id, None)

    @contextmanager
    def attempt(
        self,
        execution_id: uuid.UUID,
        token: int,
        cancellation: Cancellation,
        deadline: Deadline,
        of: AttemptedStep,
        *,
        is_once: bool = False,
    ) -> Iterator[RunningAttempt]:
        """``is_once``: it may happen only once, so that its answer is waited for though the lease
        is lost.
        """
        attempt = RunningAttempt(token, cancellation, deadline, of, is_once)
        with self._lock:
            self._attempts.setdefault(execution_id, []).append(attempt)
        try:
            yield attempt
        finally:
            with self._lock:
                left = self._attempts[execution_id]
                left.remove(attempt)
                if not left:
                    del self._attempts[execution_id]

    def silent(self, seconds: float, near: float) -> list[Silent]:
        """Attempts that have run for so long, and have more than ``near`` seconds left."""
        now = time.monotonic()
        with self._lock:
            return [
                Silent(
                    pk,
                    each.token,
                    each.of.path,
                    each.of.number,
                    now - each.began,
                    each.deadline.remaining(),
                    each.of.why_not,
                )
                for pk, attempts in self._attempts.items()
                for each in attempts
                if now - each.began >= seconds
                and each.deadline.remaining() > near
                and not each.of.tells_itself
                and not each.cancellation.requested.is_set()
            ]

    def break_off(self, silent: Silent) -> None:
        """End this attempt, for its step to be judged as after a crash."""

        def is_meant(each: RunningAttempt) -> bool:
            identity = (each.token, each.of.path, each.of.number)
            if identity != (silent.token, silent.path, silent.number) or each.of.why_not:
                return False
            each.is_broken_off = True
            return True

        self._cancel(silent.execution_id, is_meant)

    def overdue(self) -> list[uuid.UUID]:
        """Whose attempt ought to have ended a while ago: its thread hangs in something that minds
        no deadline.
        """
        with self._lock:
            return [
                pk
                for pk, attempts in self._attempts.items()
                if any(each.deadline.seconds_over() > OVERDUE_SECONDS for each in attempts)
            ]

    def tokens(self) -> dict[uuid.UUID, int]:
        with self._lock:
            return dict(self._held)

    def cancel(self, execution_id: uuid.UUID) -> None:
        """Ask the attempts that run for this execution to stop."""
        self._cancel(execution_id, lambda attempt: True)

    def _cancel(self, execution_id: uuid.UUID, wanted: Callable[[RunningAttempt], bool]) -> None:
        with self._lock:
            attempts = [each for each in self._attempts.get(execution_id, ()) if wanted(each)]
        for attempt in attempts:
            attempt.cancellation.request()

    def lose(self, execution_id: uuid.UUID, token: int) -> None:
        """The lease is lost: whoever has it makes the call again, so this one is broken off; but
        one that may happen only once is not made again, and its answer is worth waiting for.
        """
        self._cancel(execution_id, lambda each: each.token == token and not each.is_once)

    def cancel_all(self) -> None:
        with self._lock:
            running = list(self._attempts)
        for execution_id in running:
            self.cancel(execution_id)
