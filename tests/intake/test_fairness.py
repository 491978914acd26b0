"""Which queue the first bell of a new execution rings in."""

from __future__ import annotations

import uuid

import pytest

from executions import dispatch
from executions.intake.start import start
from executions.models import Execution

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]


def bells(client, queue):
    return client.llen(f"rq:queue:{queue}")


def test_a_batch_rings_in_the_last_queue_beyond_its_share_and_others_do_not(
    workflow, alice, bob, redis_client, monkeypatch
):
    monkeypatch.setattr("executions.intake.fairness.SHARE", 3)
    for number in range(6):
        start(workflow, alice, name=f"run {number}")
    assert (bells(redis_client, "default"), bells(redis_client, "low")) == (3, 3)
    assert set(Execution.objects.values_list("queue", flat=True)) == {"default"}, (
        "only its first bell is moved"
    )
    workflow.owner = bob
    workflow.save()
    start(workflow, bob, name="of bob")
    assert (bells(redis_client, "default"), bells(redis_client, "low")) == (4, 3)


def test_where_nobody_waits_a_batch_rings_where_it_belongs(
    workflow, alice, redis_client, monkeypatch
):
    monkeypatch.setattr("executions.intake.fairness.SHARE", 3)
    for number in range(6):
        start(workflow, alice, name=f"run {number}")
        redis_client.delete("rq:queue:default")
    assert bells(redis_client, "low") == 0


def test_a_bell_says_whose_execution_it_is(redis_client):
    from executions.worker.doorbell import _bell

    dispatch.ring(uuid.UUID(int=7), "default", 3)
    import django_rq

    (job,) = django_rq.get_queue("default").jobs
    assert _bell(job).owner_id == 3
