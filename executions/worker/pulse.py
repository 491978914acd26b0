"""The heartbeat of a worker, and what belongs to it: asks for running attempts, leases that nothing drives any more."""

from __future__ import annotations

import os
import threading
import time
import uuid

import structlog
from django.conf import settings
from django.db import DatabaseError, connection

from executions import clock
from executions.engine import watched
from executions.engine.lease import give_back
from executions.engine.running import Running
from executions.models import Execution, Process, Quarantine
from executions.models.reaching import why_away
from executions.states import Phase

ASK_SECONDS = 1.0
log = structlog.get_logger(__name__)


class Pulse:
    """A thread that beats. Declared dead, the process ends itself at once.

    Out of touch with the database it stays, for a while: nothing can be begun then, what runs comes to its end, and
    what was finished waits in memory to be written. Who was declared dead meanwhile learns so by the first beat.
    """

    def __init__(self, process: Process, running: Running) -> None:
        self._process = process
        self._running = running
        self._stop = threading.Event()
        self._beaten = time.monotonic()
        self._out_of_touch = False
        self._told_overdue: set[uuid.UUID] = set()
        self._unheld: set[tuple[uuid.UUID, int]] = set()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        # What is quarantined has to be known before much is taken, so it looks first and waits then.
        while not self._stop.is_set():
            try:
                self._look_at_asks()
                self._running.quarantined = Quarantine.versions()
                if time.monotonic() - self._beaten >= settings.STIGMER_HEARTBEAT_SECONDS:
                    self._beat()
            except DatabaseError as problem:
                connection.close()
                log.warning("heartbeat failed", problem=str(problem).strip())
            except Exception:
                # Whatever it was: without this thread the process would go on unseen by the others.
                connection.close()
                log.exception("heartbeat failed")
            self._end_if_out_of_touch()
            self._stop.wait(min(ASK_SECONDS, settings.STIGMER_HEARTBEAT_SECONDS))
        connection.close()

    def _beat(self) -> None:
        if not self._process.beat(stuck_threads=self._stuck_threads()) and not self._stop.is_set():
            log.critical("declared dead by others, ending at once")
            os._exit(1)
        if self._out_of_touch:
            log.warning("the database answers again", silent_seconds=round(time.monotonic() - self._beaten, 1))
        self._beaten, self._out_of_touch = time.monotonic(), False
        clock.read()
        self._give_back_what_nothing_drives()

    def _stuck_threads(self) -> int:
        overdue = self._running.overdue()
        for execution_id in set(overdue) - self._told_overdue:
            log.error("an attempt is long past its deadline, its thread hangs", execution=str(execution_id))
        self._told_overdue = set(overdue)
        return watched.left_behind() + len(overdue)

    def _end_if_out_of_touch(self) -> None:
        silence = time.monotonic() - self._beaten
        if not self._out_of_touch and silence > settings.STIGMER_PROCESS_SILENCE_SECONDS * 2 / 3:
            self._out_of_touch = True
            log.error(
                "no heartbeat reaches the database: nothing is begun, what is finished waits until it answers",
                driving=len(self._running.tokens()), why=why_away(), silent_seconds=round(silence, 1),
            )  # fmt: skip
        if silence > settings.STIGMER_OUT_OF_TOUCH_SECONDS:
            # It may be this process that is stuck; a new one begins with nothing.
            log.critical("out of touch with the database for too long, ending", silent_seconds=round(silence, 1))
            os._exit(1)

    def _look_at_asks(self) -> None:
        """Stop attempts whose execution somebody wants cancelled, or that is in other hands."""
        held = self._running.tokens()
        if not held:
            return
        rows = Execution.objects.filter(pk__in=list(held)[:500]).values_list("pk", "token", "cancel_asked_at")
        for execution_id, token, cancel_asked_at in rows:
            if cancel_asked_at is not None or token != held[execution_id]:
                self._running.cancel(execution_id)

    def _give_back_what_nothing_drives(self) -> None:
        """Seen twice in a row as held by this process without a thread that drives it: back to the queue."""
        held = self._running.tokens()
        rows = Execution.objects.filter(process=self._process, phase=Phase.IN_PROGRESS)
        unheld = {
            (pk, token): (queue, owner)
            for pk, token, queue, owner in rows.values_list("pk", "token", "queue", "owner_id")
            if pk not in held
        }
        for execution_id, token in self._unheld & set(unheld):
            queue, owner = unheld[execution_id, token]
            if give_back(execution_id, token, queue, owner):
                log.warning("gave back an execution that nothing drove", execution=str(execution_id))
        self._unheld = set(unheld)
