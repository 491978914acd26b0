"""Listening for bells: RQ jobs on high, default, low, taken only while a slot is free.

RQ's own work loop is not used: it forks or blocks per job, ends itself on a Redis time-out, and its
timeouts and registries would decide about executions. The job is deleted as it is taken; losing it
costs one sweep.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable

import django_rq
import structlog
from redis.exceptions import RedisError
from rq.exceptions import DequeueTimeout, DeserializationError, InvalidJobOperation, NoSuchJobError
from rq.job import Job
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq.utils import as_text
from rq.worker import SimpleWorker

from executions.dispatch import EVENTS, QUEUES
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
            job = self._dequeue()
        else:
            job = self._dequeue_while_few_are_free()
        if job is not None:
            self._answer(job)
        elif time.monotonic() - self._beaten > BEAT_SECONDS:
            assert self._registered is not None
            self._registered.heartbeat()
            self._beaten = time.monotonic()

    def _dequeue(self) -> Job | None:
        try:
            taken = Queue.dequeue_any(
                self._queues,
                LISTEN_SECONDS,
                connection=self._connection,
                serializer=JSONSerializer,
            )
        except DequeueTimeout:
            return None
        return None if taken is None else taken[0]

    def _dequeue_while_few_are_free(self) -> Job | None:
        """A bell of the queues before the last one; None as soon as more slots are free."""
        self._freed.ask()
        keys = [queue.key for queue in self._queues[:-1]]
        popped = self._connection.blpop([*keys, self._freed.key], LISTEN_SECONDS)
        if popped is None or as_text(popped[0]) == self._freed.key:
            return None
        try:
            return Job.fetch(
                as_text(popped[1]), connection=self._connection, serializer=JSONSerializer
            )
        except NoSuchJobError:
            return None

    def _answer(self, job: Job) -> None:
        try:
            if job.func_name == EVENTS:
                self._look_for_events()
                return self._delete(job)
            execution_id, owner_id = uuid.UUID(job.args[0]), _owner(job)
        except (DeserializationError, IndexError, ValueError, TypeError, AttributeError):
            log.error("a job that is no bell was dropped", job=job.id)
            self._delete(job)
        else:
            if not self._slots.submit(execution_id, owner_id):
                self._look()
            # A bell is its record and a place in the queue, which it has left. RQ's own deletion
            # looks for what else may name it, at twenty times the cost.
            self._connection.delete(job.key)

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
            self._registered = worker

    def _unregister(self) -> None:
        if self._registered is not None:
            try:
                self._registered.register_death()  # type: ignore[no-untyped-call]
            except RedisError as problem:
                log.warning("could not sign off at redis", problem=str(problem))


def _owner(job: Job) -> int | None:
    """Whose execution it is, if the bell says so."""
    owner_id = job.args[1] if len(job.args) > 1 else None
    return owner_id if isinstance(owner_id, int) else None
