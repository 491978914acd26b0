"""The doorbell: an RQ job that says "advance this execution". It may be lost, doubled or late without harm."""

from __future__ import annotations

import uuid
from typing import Protocol

import structlog
from django.db import transaction
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

QUEUES = ("high", "default", "low")


def ring(execution_id: uuid.UUID, queue: str = "default") -> bool:
    """Ask a worker to advance this execution. False: Redis did not take it; the sweep will ring again."""
    import django_rq

    try:
        django_rq.get_queue(queue, commit_mode="auto").enqueue(
            "executions.jobs.advance", str(execution_id), result_ttl=0, failure_ttl=60, job_timeout=-1
        )
    except RedisError as problem:
        log.warning("doorbell did not ring", execution_id=str(execution_id), problem=str(problem))
        return False
    return True


class Ringable(Protocol):
    """An execution, as far as the doorbell knows one."""

    pk: uuid.UUID
    queue: str


def ring_after_commit(execution: Ringable) -> None:
    """Ring once the surrounding transaction is committed; a lost ring is made good by the sweep."""

    # A function with a name: where it raises, Django logs its name, and a partial has none to log.
    def ring_now() -> None:
        ring(execution.pk, execution.queue)

    transaction.on_commit(ring_now, robust=True)
