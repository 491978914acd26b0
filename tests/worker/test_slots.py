"""Slots that are kept, so that nobody's batch keeps the others waiting."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator

import pytest

from executions.worker.slots import Slots

ANN, BEN = 1, 2


class Gate:
    """Drives nothing until it is opened."""

    def __init__(self) -> None:
        self.open = threading.Event()

    def __call__(self, execution_id: uuid.UUID) -> None:
        self.open.wait(30)


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()


def test_one_owner_has_all_slots_but_those_that_are_kept(gate):
    slots = Slots(8, gate)
    taken = [slots.submit(uuid.uuid4(), BEN) for _ in range(9)]
    assert taken == [True] * 8 + [False]
    assert not slots.wait_for_unkept(0)
    assert slots.wait_for_free(0)
    assert [slots.submit(uuid.uuid4(), ANN) for _ in range(2)] == [True, True]
    assert not slots.wait_for_free(0)


def test_whoever_comes_to_an_end_makes_room(gate):
    slots = Slots(1, gate)
    assert slots.submit(uuid.uuid4(), BEN)
    assert not slots.submit(uuid.uuid4(), BEN)
    gate.open.set()
    assert slots.wait_for_unkept(10)
    assert slots.submit(uuid.uuid4(), BEN)
    assert slots.drain(10)


def test_a_bell_that_does_not_say_whose_it_is_is_taken(gate):
    slots = Slots(1, gate)
    assert slots.submit(uuid.uuid4())
    assert slots.submit(uuid.uuid4())
