"""Wakes executions whose turn for a process of functions has come, in the worker in whose line they
stand.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue

import structlog
from django.db import DatabaseError, connection

from executions import dispatch
from executions.calls.python import step as python
from executions.driving.attempts.turn import Waiting
from executions.driving.lease import Held, claim
from executions.models import in_line
from executions.models.transactions import atomic, run_tx
from executions.worker.slots import Slots

LOOK_SECONDS = 1.0
# A process is kept so long for an execution that was woken; then it is for the next one.
KEPT_SECONDS = 10.0
log = structlog.get_logger(__name__)


class Turns:
    """A thread that hears of turns.

    The execution is taken as it is woken and driven here, where the process is kept for it: another
    worker might take it else. ``drive`` is called in a slot.
    """

    def __init__(self, process_id: uuid.UUID, slots: Slots, drive: Callable[[Held], None]) -> None:
        self._process_id = process_id
        self._slots = slots
        self._drive = drive
        self._called: SimpleQueue[Waiting | None] = SimpleQueue()
        python.call_on_turn(self._called.put)
        self._thread = threading.Thread(target=self._run, name="turns", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Hear of no more turns; what stands in line here is for other workers."""
        python.call_on_turn(None)
        self._called.put(None)
        self._thread.join()
        self.leave_to_others()

    def leave_to_others(self) -> None:
        """Wake what stands in line here, for other workers to take."""
        waiting = [each for each in python.leave_all() if isinstance(each, Waiting)]
        try:
            run_tx(lambda: in_line.wake(each.execution_id for each in waiting))
        except DatabaseError as problem:
            connection.close()
            log.warning("what stands in line is left to the sweep", problem=str(problem).strip())
        else:
            for each in waiting:
                dispatch.ring(each.execution_id, each.queue, each.owner_id)

    def _run(self) -> None:
        while True:
            try:
                called = self._called.get(timeout=LOOK_SECONDS)
            except Empty:
                connection.close()
                if python.leave_unclaimed(KEPT_SECONDS):
                    log.warning("a process of functions was kept and not fetched")
                continue
            if called is None:
                connection.close()
                return
            try:
                if not self._wake(called):
                    python.leave(called.step_id)
            except Exception:
                # Any exception is caught: the execution is looked at again by itself, and the
                # others must be woken.
                connection.close()
                log.exception(
                    "could not wake what waits for a process", execution=str(called.execution_id)
                )
                python.leave(called.step_id)

    def _wake(self, called: Waiting) -> bool:
        """Have it driven. False: it waits no more, or its owner has no slot left here."""
        if self._slots.takes_nothing_new:
            run_tx(partial(in_line.wake, [called.execution_id]))
            dispatch.ring(called.execution_id, called.queue, called.owner_id)
            return False
        held = self._slots.has_room_for(called.owner_id) and run_tx(
            partial(self._taken, called.execution_id)
        )
        if not held:
            return False
        self._slots.submit_taken(partial(self._drive, held), called.execution_id, called.owner_id)
        return True

    def _taken(self, execution_id: uuid.UUID) -> Held | None:
        with atomic():
            return claim(execution_id, self._process_id) if in_line.wake([execution_id]) else None
