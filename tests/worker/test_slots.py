"""Slots that are kept, so that nobody's batch keeps the others waiting."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Iterator

import pytest

from executions.recovery.waiting import Waiting
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


def found(*owners: int) -> list[Waiting]:
    """One waiting execution each; the turn counts those of the same owner."""
    turns: Counter[int] = Counter()
    made = []
    for owner_id in owners:
        turns[owner_id] += 1
        made.append(Waiting(uuid.uuid4(), owner_id, turns[owner_id]))
    return sorted(made, key=lambda each: each.turn)


def owners(chosen: list[Waiting]) -> list[int]:
    return [each.owner_id for each in chosen]


def test_owners_are_chosen_in_turn_and_whoever_holds_fewest_comes_first(gate):
    slots = Slots(4, gate)
    slots.submit(uuid.uuid4(), BEN)
    slots.submit(uuid.uuid4(), BEN)
    room = slots.room()
    assert owners(room.choose(found(BEN, BEN, ANN, ANN))) == [ANN, ANN, BEN]
    assert room.free == 0


def test_no_more_of_an_owner_are_chosen_than_one_may_hold(gate):
    slots = Slots(4, gate)
    assert owners(slots.room().choose(found(*[BEN] * 9))) == [BEN] * 4
    for _ in range(4):
        slots.submit(uuid.uuid4(), BEN)
    assert slots.room().choose(found(BEN)) == []
    assert owners(slots.room().choose(found(BEN, ANN))) == [ANN]


def test_the_slots_that_are_kept_are_for_owners_that_hold_little(gate, monkeypatch):
    monkeypatch.setattr("executions.intake.fairness.SHARE", 2)
    slots = Slots(8, gate)
    for _ in range(6):
        slots.submit(uuid.uuid4(), BEN)
    assert owners(slots.room().choose(found(*[3] * 9))) == [3, 3], (
        "a third owner takes the unkept ones"
    )
    for _ in range(2):
        slots.submit(uuid.uuid4(), 3)
    assert slots.room().choose(found(*[3] * 9)) == []
    assert owners(slots.room().choose(found(*[ANN] * 9))) == [ANN, ANN]


def test_a_further_call_of_a_run_takes_a_slot_of_its_owner_and_none_that_is_kept(gate):
    slots = Slots(3, gate)
    freed = []
    slots.on_free(lambda: freed.append(1))
    assert slots.submit(uuid.uuid4(), BEN)
    assert [slots.take(BEN) for _ in range(3)] == [True, True, False]
    assert not slots.submit(uuid.uuid4(), BEN), "its owner holds all that one may hold"
    assert not slots.take(ANN), "what is left is kept for who holds nothing yet"
    assert slots.submit(uuid.uuid4(), ANN)
    slots.give(BEN)
    assert freed == [1]
    assert not slots.take(BEN), "what is free now is a kept one"
    slots.give(BEN)
    assert slots.take(BEN)


def test_a_drained_worker_has_no_free_slot_but_for_further_calls_of_what_it_drives(gate):
    slots = Slots(4, gate)
    assert slots.submit(uuid.uuid4(), BEN)
    slots.take_nothing_new(True)
    assert not slots.wait_for_free(0) and not slots.wait_for_unkept(0)
    assert not slots.submit(uuid.uuid4(), ANN) and not slots.submit(uuid.uuid4())
    assert not slots.has_room_for(ANN) and slots.room().choose(found(ANN, BEN)) == []
    assert slots.take(BEN)
    slots.take_nothing_new(False)
    assert slots.wait_for_free(0) and slots.submit(uuid.uuid4(), ANN)
