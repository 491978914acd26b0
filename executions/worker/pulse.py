"""The heartbeat of a worker, and what belongs to it: asks for running attempts, leases that nothing
drives any more.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.db import DatabaseError, connection

from executions import clock
from executions.driving.attempts import watched
from executions.driving.attempts.running import Running
from executions.driving.attempts.stalls import Stalls
from executions.driving.lease import give_back
from executions.models import Execution, Process
from executions.models.passing import Trouble, trouble
from executions.models.reaching import why_not_written
from executions.models.spell import Spell
from executions.states import STOPPED_PHASES, Phase
from executions.worker import glance

ASK_SECONDS = 1.0
log = structlog.get_logger(__name__)


class Pulse:
    """A thread that beats.

    ``on_death`` is called once the process was declared dead by others: it has to end.

    Out of touch with the database it stays, however long: nothing can be begun then, what runs
    comes to its end, and what was finished waits in memory to be written. A process that was
    declared dead meanwhile learns so by its first beat.

    ``on_drain`` is called with whether it is to take nothing new, whenever that changes.
    ``may_be`` says whether there may be any of what the worker's glance looks for.
    """

    def __init__(
        self,
        process: Process,
        running: Running,
        on_death: Callable[[], None],
        on_drain: Callable[[bool], None] | None = None,
        may_be: Callable[[str], bool] = lambda name: True,
    ) -> None:
        self.is_dead = False
        self._on_death = on_death
        self._on_drain = on_drain
        self._may_be = may_be
        self._is_drained = False
        self._spell = Spell("pulse")
        self._process = process
        self._running = running
        self._stalls = Stalls(running)
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
        while not self._stop.is_set():
            # Each by itself: a lock on what one of them reads must not keep the heartbeat from
            # being written.
            went_through = [
                self._done(look)
                for look in (
                    self._beat_if_due,
                    self._look_at_asks,
                    self._look_at_drain,
                    self._stalls.look,
                )
            ]
            if all(went_through):
                self._spell.over("the pulse reaches the database again")
            self._tell_silence()
            self._stop.wait(min(ASK_SECONDS, settings.STIGMER_HEARTBEAT_SECONDS))
        connection.close()

    def _done(self, look: Callable[[], None]) -> bool:
        try:
            look()
        except DatabaseError as problem:
            if trouble(problem) is not Trouble.BUSY:
                connection.close()
            self._spell.met(problem, "heartbeat failed: the database does not take it")
            return False
        except Exception:
            # Any exception is caught: without this thread the process would go on unseen by the
            # others.
            connection.close()
            log.exception("heartbeat failed")
            return False
        return True

    def _look_at_drain(self) -> None:
        if self._on_drain is None:
            return
        if not self._is_drained and not self._may_be(glance.DRAINED):
            return
        is_drained = Process.objects.drained().filter(pk=self._process.pk).exists()
        if is_drained != self._is_drained:
            self._on_drain(is_drained)
            self._is_drained = is_drained

    def _beat_if_due(self) -> None:
        if time.monotonic() - self._beaten < settings.STIGMER_HEARTBEAT_SECONDS:
            return
        if not self._process.beat(stuck_threads=self._stuck_threads()):
            self._was_declared_dead()
        if self._out_of_touch:
            log.warning(
                "the database answers again",
                silent_seconds=round(time.monotonic() - self._beaten, 1),
            )
        self._beaten, self._out_of_touch = time.monotonic(), False
        clock.read()
        self._give_back_what_nothing_drives()

    def _was_declared_dead(self) -> None:
        """Nothing is begun any more, and what others have taken over can not be written; but
        answers that still come are kept for a person to decide with, so this process ends in order.
        """
        if not self._stop.is_set() and not self.is_dead:
            self.is_dead = True
            log.critical("declared dead by others, ending", driving=len(self._running.tokens()))
            self._on_death()

    def _stuck_threads(self) -> int:
        overdue = self._running.overdue()
        for execution_id in set(overdue) - self._told_overdue:
            log.error(
                "an attempt is long past its deadline, its thread hangs",
                execution=str(execution_id),
            )
        self._told_overdue = set(overdue)
        return watched.left_behind() + len(overdue)

    def _tell_silence(self) -> None:
        silence = time.monotonic() - self._beaten
        if not self._out_of_touch and silence > settings.STIGMER_PROCESS_SILENCE_SECONDS * 2 / 3:
            self._out_of_touch = True
            log.error(
                "no heartbeat reaches the database: nothing is begun, what is finished waits until"
                " it answers",
                driving=len(self._running.tokens()),
                why=why_not_written(),
                silent_seconds=round(silence, 1),
            )

    def _look_at_asks(self) -> None:
        """Stop attempts whose execution somebody wants cancelled, or that is in other hands.

        A drive that only waits for its turn with an expression hears of a pause too.
        """
        held = self._running.tokens()
        if not held:
            return
        columns = ("pk", "token", "cancel_asked_at", "pause_asked_at", "phase")
        rows = Execution.objects.filter(pk__in=list(held)[:500]).values_list(*columns)
        for execution_id, token, cancel_asked_at, pause_asked_at, phase in rows:
            if cancel_asked_at is not None or pause_asked_at is not None or phase in STOPPED_PHASES:
                self._running.stop_waiting(execution_id)
            if cancel_asked_at is not None or phase in STOPPED_PHASES:
                self._running.cancel(execution_id)
            elif token != held[execution_id]:
                self._running.lose(execution_id, held[execution_id])

    def _give_back_what_nothing_drives(self) -> None:
        """Seen twice in a row as held by this process without a thread that drives it: back to the
        queue.
        """
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
                log.warning(
                    "gave back an execution that nothing drove", execution=str(execution_id)
                )
        self._unheld = set(unheld)
