"""The doorbell on a real Redis: rung after the commit, JSON only, and its loss is no error."""

from __future__ import annotations

import json
import uuid
import zlib

import pytest
import redis
from django.db import transaction

from executions import dispatch
from executions.jobs import WrongWorker, advance

EXECUTION = uuid.UUID(int=7)


def rung(client: redis.Redis, queue: str = "default") -> list[str]:
    return [
        job.decode() if isinstance(job, bytes) else job
        for job in client.lrange(f"rq:queue:{queue}", 0, -1)
    ]


def test_a_ring_is_a_job_with_the_id_as_json(redis_client):
    assert dispatch.ring(EXECUTION, "high")
    (job,) = rung(redis_client, "high")
    stored = redis_client.hget(f"rq:job:{job}", "data")
    assert stored is not None
    assert json.loads(zlib.decompress(stored)) == [
        "executions.jobs.advance",
        None,
        [str(EXECUTION), None],
        {},
    ]


@pytest.mark.django_db(transaction=True)
def test_it_rings_once_the_transaction_is_committed(redis_client):
    with transaction.atomic():
        dispatch.ring_after_commit(EXECUTION, lambda: "low", 1)
        assert rung(redis_client, "low") == []
    assert len(rung(redis_client, "low")) == 1


@pytest.mark.django_db(transaction=True)
def test_it_does_not_ring_for_what_was_rolled_back(redis_client):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        dispatch.ring_after_commit(EXECUTION, lambda: "low", 1)
        _ = 1 / 0
    assert rung(redis_client, "low") == []


def test_a_redis_that_does_not_take_it_is_no_error(monkeypatch):
    away = redis.Redis(unix_socket_path="/nowhere/redis.sock")
    monkeypatch.setattr(dispatch.queue_named("default"), "connection", away)
    assert dispatch.ring(EXECUTION) is False


def test_a_plain_rq_worker_cannot_advance_an_execution():
    with pytest.raises(WrongWorker, match="stigmer worker"):
        advance(str(EXECUTION))
