"""The ear of a worker on a real Redis, which hears bells as long as a slot is free for them."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator

import pytest
import redis

from executions import dispatch
from executions.worker import doorbell
from executions.worker.doorbell import Doorbell
from executions.worker.slots import Slots
from tests.waiting import PATIENCE_SECONDS, until

ANN, BEN = 1, 2
LONG, LOW, OTHER = uuid.UUID(int=1), uuid.UUID(int=2), uuid.UUID(int=3)


class Drives:
    """Every run ends at once but ``LONG``, which ends once that is allowed."""

    def __init__(self) -> None:
        self.begun: list[uuid.UUID] = []
        self.may_end = threading.Event()

    def __call__(self, execution_id: uuid.UUID) -> None:
        self.begun.append(execution_id)
        if execution_id == LONG:
            self.may_end.wait(PATIENCE_SECONDS * 2)


@pytest.fixture
def drives() -> Drives:
    return Drives()


@pytest.fixture
def slots(
    drives: Drives, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Slots]:
    """One slot and one that is kept, and an ear that waits for a bell as long as this test."""
    monkeypatch.setattr(doorbell, "LISTEN_SECONDS", 3600)
    slots, stop = Slots(1, drives), threading.Event()
    assert slots.submit(LONG, BEN)
    dispatch.ring(LOW, "low", ANN)
    ear = threading.Thread(target=Doorbell(slots, stop, lambda: None).listen, daemon=True)
    ear.start()
    yield slots
    drives.may_end.set()
    stop.set()
    dispatch.ring(uuid.uuid4(), "high", ANN)
    ear.join(PATIENCE_SECONDS)
    assert not ear.is_alive()
    assert slots.drain(PATIENCE_SECONDS)


def test_while_few_slots_are_free_others_are_heard_and_the_last_queue_as_soon_as_more_are(
    slots: Slots, drives: Drives, redis_client: redis.Redis
) -> None:
    dispatch.ring(OTHER, "default", ANN)
    until(lambda: OTHER in drives.begun, what="the bell of another owner was heard")
    assert LOW not in drives.begun and redis_client.llen("rq:queue:low") == 1
    drives.may_end.set()
    until(lambda: LOW in drives.begun, what="the bell of the last queue was heard")
    assert set(drives.begun) == {LONG, OTHER, LOW}
