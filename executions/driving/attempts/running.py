"""The executions that threads of this process drive right now, so that a person's ask can reach an
attempt.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from executions import sealed
from executions.calls.context import Cancellation, Deadline

OVERDUE_SECONDS = 10.0


class Places(Protocol):
    """Where attempts are made beside the one that a drive makes itself: a slot each."""

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


# Each is another one, whatever it holds.
@dataclass(slots=True, eq=False)
class _Attempt:
    token: int
    cancellation: Cancellation
    deadline: Deadline
    is_once: bool


class Running:
    """Execution id → token and the attempts that run, of which branches have several."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        # Versions whose executions have to be driven by a process of their own (models.Quarantine).
        self.quarantined: frozenset[uuid.UUID] = frozenset()
        self._lock = threading.Lock()
        # What gives the attempts of a run that are made beside another one their places.
        self.places: Places = Unbounded()
        self._held: dict[uuid.UUID, int] = {}
        self._callers: dict[uuid.UUID, sealed.Caller] = {}
        self._attempts: dict[uuid.UUID, list[_Attempt]] = {}

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
        *,
        is_once: bool = False,
    ) -> Iterator[None]:
        """``is_once``: it may happen only once, so that its answer is waited for though the lease
        is lost.
        """
        attempt = _Attempt(token, cancellation, deadline, is_once)
        with self._lock:
            self._attempts.setdefault(execution_id, []).append(attempt)
        try:
            yield
        finally:
            with self._lock:
                left = self._attempts[execution_id]
                left.remove(attempt)
                if not left:
                    del self._attempts[execution_id]

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

    def _cancel(self, execution_id: uuid.UUID, wanted: Callable[[_Attempt], bool]) -> None:
        with self._lock:
            found = [each for each in self._attempts.get(execution_id, ()) if wanted(each)]
        for attempt in found:
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
