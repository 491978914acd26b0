"""The executions that threads of this process drive right now, so that a person's ask can reach an
attempt.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from executions import sealed
from executions.calls.context import Cancellation, Deadline

OVERDUE_SECONDS = 10.0


class Running:
    """Execution id → token and the cancellation of the attempt that runs, if one does."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        # Versions whose executions have to be driven by a process of their own (models.Quarantine).
        self.quarantined: frozenset[uuid.UUID] = frozenset()
        self._lock = threading.Lock()
        self._held: dict[uuid.UUID, tuple[int, Cancellation | None]] = {}
        self._callers: dict[uuid.UUID, sealed.Caller] = {}
        self._deadlines: dict[uuid.UUID, Deadline] = {}
        self._once: set[tuple[uuid.UUID, int]] = set()

    def take(self, execution_id: uuid.UUID, token: int) -> None:
        with self._lock:
            self._held[execution_id] = (token, None)
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
            if self._held.get(execution_id, (None,))[0] == token:
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
        with self._lock:
            self._held[execution_id] = (token, cancellation)
            self._deadlines[execution_id] = deadline
            if is_once:
                self._once.add((execution_id, token))
        try:
            yield
        finally:
            with self._lock:
                if self._held.get(execution_id, (None,))[0] == token:
                    self._held[execution_id] = (token, None)
                    self._deadlines.pop(execution_id, None)
                self._once.discard((execution_id, token))

    def overdue(self) -> list[uuid.UUID]:
        """Whose attempt ought to have ended a while ago: its thread hangs in something that minds
        no deadline.
        """
        with self._lock:
            return [
                pk
                for pk, deadline in self._deadlines.items()
                if deadline.seconds_over() > OVERDUE_SECONDS
            ]

    def tokens(self) -> dict[uuid.UUID, int]:
        with self._lock:
            return {execution_id: token for execution_id, (token, _) in self._held.items()}

    def cancel(self, execution_id: uuid.UUID) -> None:
        """Ask the attempt that runs for this execution to stop, if there is one."""
        with self._lock:
            cancellation = self._held.get(execution_id, (0, None))[1]
        if cancellation is not None:
            cancellation.request()

    def lose(self, execution_id: uuid.UUID, token: int) -> None:
        """The lease is lost: whoever has it makes the call again, so this one is broken off; but
        one that may happen only once is not made again, and its answer is worth waiting for.
        """
        with self._lock:
            is_once = (execution_id, token) in self._once
        if not is_once:
            self.cancel(execution_id)

    def cancel_all(self) -> None:
        for execution_id in self.tokens():
            self.cancel(execution_id)
