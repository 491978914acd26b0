"""The doorbell says "advance this execution": a word in the fast lane where a worker listens, an RQ
job where none does.

It may be lost, doubled or late without harm.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

import structlog
from django.db import transaction
from redis.exceptions import RedisError

from executions import fast_lane
from executions.fast_lane import Bell
from executions.said import Said

if TYPE_CHECKING:
    from rq.queue import Queue

log = structlog.get_logger(__name__)

QUEUES = ("high", "default", "low")
ADVANCE = "executions.jobs.advance"
# The job that says: an event came.
EVENTS = "executions.jobs.match_events"
# Many that come at once are one bell: who hears it looks again while more comes.
EVENTS_GAP_SECONDS = 0.1
_rung_for_events = 0.0
QUEUE_OFF = Said("The queue is switched off (STIGMER_QUEUE=off)")
SWITCH_ON = Said("Set STIGMER_QUEUE=on and restart the web server.")


@cache
def queue_named(name: str) -> Queue:
    """RQ's queue, with connections to Redis that are kept: to make them anew for each bell costs
    more than the bell.
    """
    import django_rq

    queue: Queue = django_rq.get_queue(name, commit_mode="auto")
    return queue


def ring(execution_id: uuid.UUID, queue: str = "default", owner_id: int | None = None) -> bool:
    """Ask a worker to advance this execution.

    False: Redis did not take it; the sweep will ring again.

    Whose it is lets a worker keep some of its slots for the others.
    """
    try:
        if not _is_in_fast_lane(queue, Bell(execution_id, owner_id)):
            _keep(queue, ADVANCE, str(execution_id), owner_id)
    except RedisError as problem:
        log.warning("doorbell did not ring", execution_id=str(execution_id), problem=str(problem))
        return False
    return True


def _is_in_fast_lane(queue: str, bell: Bell) -> bool:
    record = queue_named(queue)
    return fast_lane.offer(record.connection, queue, record.key, bell)


def _keep(queue: str, function: str, *arguments: str | int | None) -> None:
    queue_named(queue).enqueue(function, *arguments, result_ttl=0, failure_ttl=60, job_timeout=-1)


def ring_for_events() -> None:
    """Ask a worker to look who listens to what has just been kept; one looks each second anyway."""
    global _rung_for_events
    now = time.monotonic()
    if now - _rung_for_events < EVENTS_GAP_SECONDS:
        return
    _rung_for_events = now
    try:
        if not _is_in_fast_lane(QUEUES[0], Bell()):
            _keep(QUEUES[0], EVENTS)
    except RedisError as problem:
        log.warning("the bell for events did not ring", problem=str(problem))


def waiting(queue: str) -> int:
    """How many bells wait in this queue; 0 where Redis does not answer."""
    try:
        record = queue_named(queue)
        return len(record) + int(record.connection.llen(fast_lane.key(queue)))
    except RedisError as problem:
        log.warning("redis does not say how many wait", queue=queue, problem=str(problem))
        return 0


def ring_after_commit(execution_id: uuid.UUID, queue: Callable[[], str], owner_id: int) -> None:
    """Ring once the surrounding transaction is committed; a lost ring is made good by the sweep."""

    # A function with a name: where it raises, Django logs its name, and a partial has none to log.
    def ring_now() -> None:
        ring(execution_id, queue(), owner_id)

    transaction.on_commit(ring_now, robust=True)
