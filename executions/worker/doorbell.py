"""Listening for bells on high, default and low, taken only while a slot is free: words of the fast
lane, and RQ jobs that began to wait when no worker listened.

RQ's own work loop is not used: it forks or blocks per job, ends itself on a Redis time-out, and its
timeouts and registries would decide about executions. The job is deleted as it is taken; losing it
costs one sweep.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import django_rq
import structlog
from redis.client import PubSub
from redis.exceptions import RedisError
from rq.exceptions import DeserializationError, InvalidJobOperation, NoSuchJobError
from rq.job import Job
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq.utils import as_text
from rq.worker import SimpleWorker

from executions import fast_lane
from executions.dispatch import EVENTS, QUEUES
from executions.fast_lane import Bell
from executions.worker.freed import Freed
from executions.worker.slots import Slots

LISTEN_SECONDS = 1
# RQ's own pages show it; RQ forgets a worker after minutes.
BEAT_SECONDS = 10.0
LONGEST_BACK_OFF_SECONDS = 5.0
log = structlog.get_logger(__name__)


class Doorbell:
    """One process's ear. Registered with RQ, so that RQ's own pages show it."""

    def __init__(
        self,
        slots: Slots,
        stop: threading.Event,
        look: Callable[[], None],
        look_for_events: Callable[[], None] = lambda: None,
    ) -> None:
        """``look`` is called for a bell whose owner holds all that one may hold: it is taken when
        there is room. ``look_for_events`` is called where an event came.
        """
        self._slots = slots
        self._look = look
        self._look_for_events = look_for_events
        self._stop = stop
        self._queues: list[Queue] = [
            django_rq.get_queue(name, serializer=JSONSerializer) for name in QUEUES
        ]
        self._connection = self._queues[0].connection
        self._freed = Freed(slots, self._connection, stop)
        self._registered: SimpleWorker | None = None
        self._ear: PubSub | None = None
        self._beaten = time.monotonic()

    def listen(self) -> None:
        """Take bells until told to stop. Redis may go and come back meanwhile."""
        back_off = 0.1
        while not self._stop.is_set():
            if not self._slots.wait_for_free(LISTEN_SECONDS):
                continue
            try:
                self._register()
                self._take()
                back_off = 0.1
            except RedisError as problem:
                log.warning(
                    "redis does not answer", problem=str(problem), next_try_seconds=back_off
                )
                self._registered = None
                self._stop.wait(back_off)
                back_off = min(back_off * 2, LONGEST_BACK_OFF_SECONDS)
            except Exception:
                # Anybody may write to Redis; one strange job must not end every worker.
                log.exception("a job was not understood")
                self._stop.wait(back_off)
                back_off = min(back_off * 2, LONGEST_BACK_OFF_SECONDS)
        self._freed.close()
        self._unregister()

    def _take(self) -> None:
        """The next bell. While few slots are free those of the last queue are left where they
        are.
        """
        if self._slots.wait_for_unkept(0):
            popped = self._pop(self._queues)
        else:
            self._freed.ask()
            popped = self._pop(self._queues[:-1], self._freed.key)
        if popped is not None:
            self._answer(*popped)
        elif time.monotonic() - self._beaten > BEAT_SECONDS:
            assert self._registered is not None and self._ear is not None
            self._registered.heartbeat()
            # Subscribes anew where the connection was lost.
            self._ear.get_message(timeout=0)
            self._beaten = time.monotonic()

    def _pop(self, queues: list[Queue], *more: str) -> tuple[str, str] | None:
        """The list that something was in, and that; None where nothing came in time."""
        # A fast lane is filled while its queue is empty alone: what is in it came first.
        keys = [key for queue in queues for key in (fast_lane.key(queue.name), queue.key)]
        popped: Any = self._connection.blpop([*keys, *more], LISTEN_SECONDS)
        return None if popped is None else (as_text(popped[0]), as_text(popped[1]))

    def _answer(self, key: str, text: str) -> None:
        if key == self._freed.key:
            return
        if not key.startswith(fast_lane.PREFIX):
            self._answer_job(text)
            return
        try:
            self._hear(Bell.from_text(text))
        except ValueError:
            log.error("a word that is no bell was dropped", queue=key)

    def _answer_job(self, job_id: str) -> None:
        try:
            job = Job.fetch(job_id, connection=self._connection, serializer=JSONSerializer)
        except NoSuchJobError:
            return
        try:
            bell = _bell(job)
        except (DeserializationError, IndexError, ValueError, TypeError, AttributeError):
            log.error("a job that is no bell was dropped", job=job.id)
            self._delete(job)
        else:
            self._hear(bell)
            # A bell is its record and a place in the queue, which it has left. RQ's own deletion
            # looks for what else may name it, at twenty times the cost.
            self._connection.delete(job.key)

    def _hear(self, bell: Bell) -> None:
        if bell.execution_id is None:
            self._look_for_events()
        elif not self._slots.submit(bell.execution_id, bell.owner_id):
            self._look()

    def _delete(self, job: Job) -> None:
        try:
            job.delete()
        except (InvalidJobOperation, NoSuchJobError) as problem:
            # Its record is incomplete or gone already (expired, evicted, written by somebody else).
            log.warning("a job could not be deleted", job=job.id, problem=str(problem))

    def _register(self) -> None:
        if self._registered is None:
            worker = SimpleWorker(
                self._queues, connection=self._connection, serializer=JSONSerializer
            )
            worker.register_birth()  # type: ignore[no-untyped-call]
            self._close_ear()
            self._ear = fast_lane.listen(self._connection)
            self._registered = worker

    def _close_ear(self) -> None:
        if self._ear is not None:
            self._ear.close()
            self._ear = None

    def _unregister(self) -> None:
        self._close_ear()
        if self._registered is not None:
            try:
                self._registered.register_death()  # type: ignore[no-untyped-call]
            except RedisError as problem:
                log.warning("could not sign off at redis", problem=str(problem))


def _bell(job: Job) -> Bell:
    """Raises what a job that is no bell makes RQ, or a look at its arguments, raise."""
    if job.func_name == EVENTS:
        return Bell()
    owner_id = job.args[1] if len(job.args) > 1 else None
    return Bell(uuid.UUID(job.args[0]), owner_id if isinstance(owner_id, int) else None)
