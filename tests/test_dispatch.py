"""The doorbell on a real Redis: rung after the commit, a word or JSON, and its loss is no error."""

from __future__ import annotations

import json
import uuid
import zlib
from collections.abc import Iterator

import pytest
import redis
from django.db import transaction
from redis.client import PubSub

from executions import dispatch, fast_lane
from executions.fast_lane import Bell
from executions.jobs import WrongWorker, advance
from tests.waiting import until

EXECUTION = uuid.UUID(int=7)


def rung(client: redis.Redis, queue: str = "default") -> list[str]:
    return [
        job.decode() if isinstance(job, bytes) else job
        for job in client.lrange(f"rq:queue:{queue}", 0, -1)
    ]


@pytest.fixture
def ear(redis_client: redis.Redis) -> Iterator[PubSub]:
    """A worker that listens."""
    ear = fast_lane.listen(redis_client)
    until(lambda: redis_client.pubsub_numsub(fast_lane.EARS)[0][1] == 1, what="it has subscribed")
    yield ear
    ear.close()


def lane(client: redis.Redis, queue: str = "default") -> list[bytes | str]:
    return client.lrange(fast_lane.key(queue), 0, -1)


def test_where_a_worker_listens_a_ring_is_a_word_and_no_job(redis_client, ear):
    assert dispatch.ring(EXECUTION, "high", 5) and dispatch.ring(EXECUTION, "high")
    assert rung(redis_client, "high") == []
    assert lane(redis_client, "high") == [
        f"{EXECUTION.hex} 5".encode(),
        f"{EXECUTION.hex} ".encode(),
    ]
    assert dispatch.waiting("high") == 2


def test_what_no_worker_waits_for_is_a_job_and_nothing_overtakes_it(redis_client, ear, monkeypatch):
    monkeypatch.setattr(fast_lane, "MOST", 2)
    for _ in range(4):
        assert dispatch.ring(EXECUTION)
    assert (len(lane(redis_client)), len(rung(redis_client))) == (2, 2)
    redis_client.delete(fast_lane.key("default"))
    assert dispatch.ring(EXECUTION), "the lane is empty, but two wait in the queue"
    assert (len(lane(redis_client)), len(rung(redis_client))) == (0, 3)
    redis_client.delete("rq:queue:default")
    assert dispatch.ring(EXECUTION)
    assert (len(lane(redis_client)), len(rung(redis_client))) == (1, 0)


def test_a_redis_that_allows_no_scripts_keeps_bells_in_the_queue(redis_client, ear):
    redis_client.acl_setuser(
        "plain", enabled=True, nopass=True, categories=["+@all", "-@scripting"], keys=["*"]
    )
    pool = redis_client.connection_pool.connection_kwargs
    plain = redis.Redis(unix_socket_path=pool["path"], username="plain", password="any")
    try:
        assert not fast_lane.offer(plain, "default", "rq:queue:default", Bell(EXECUTION))
    finally:
        plain.close()
        redis_client.acl_deluser("plain")


def test_a_worker_whose_connection_ended_does_not_listen_any_more(redis_client, ear):
    ear.close()
    until(lambda: redis_client.pubsub_numsub(fast_lane.EARS)[0][1] == 0, what="it is gone")
    assert dispatch.ring(EXECUTION)
    assert (len(lane(redis_client)), len(rung(redis_client))) == (0, 1)


@pytest.mark.parametrize("bell", [Bell(), Bell(EXECUTION), Bell(EXECUTION, 12)])
def test_a_bell_is_read_as_it_was_written(bell):
    assert Bell.from_text(bell.as_text()) == bell


@pytest.mark.parametrize("text", ["", "7", f"{EXECUTION.hex} x", "../../etc/passwd 1"])
def test_a_word_that_is_no_bell_is_refused(text):
    with pytest.raises(ValueError):
        Bell.from_text(text)


def test_where_nobody_listens_a_ring_is_a_job_with_the_id_as_json(redis_client):
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
