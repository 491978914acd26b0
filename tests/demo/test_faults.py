"""Faults last as long as they were asked to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from executions.demo.faults import Fault, Faults, read_fault
from tests.waiting import until


def test_a_fault_meets_so_many_calls_and_then_goes_away() -> None:
    faults = Faults()
    faults.set("charge", Fault("unavailable", times=2))
    assert [faults.take("charge") is not None for _ in range(4)] == [True, True, False, False]
    assert faults.take("ship") is None


def test_a_fault_without_a_number_stays_until_it_is_taken_away() -> None:
    faults = Faults()
    faults.set("charge", Fault("reject", times=None))
    assert all(faults.take("charge") for _ in range(5))
    faults.set("charge", None)
    assert faults.take("charge") is None


@pytest.mark.parametrize("take_away", [lambda it: it.set("charge", None), Faults.clear])
def test_to_take_a_fault_away_lets_the_calls_go_on_that_it_holds_up(
    take_away: Callable[[Faults], None],
) -> None:
    faults, went_on = Faults(), threading.Event()

    def held_up() -> None:
        faults.wait("charge", 600)
        went_on.set()

    thread = threading.Thread(target=held_up)
    thread.start()

    def goes_on() -> bool:
        take_away(faults)
        return went_on.is_set()

    until(goes_on, what="the call goes on")
    thread.join()


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        ({"fault": None}, None),
        ({}, None),
        ({"fault": "unavailable"}, Fault("unavailable", 1, 0.0)),
        ({"fault": "hang", "times": None}, Fault("hang", None, 60.0)),
        ({"fault": "slow", "times": 3, "seconds": 0.5}, Fault("slow", 3, 0.5)),
    ],
)
def test_requests_are_understood(asked: dict[str, Any], fault: Fault | None) -> None:
    assert read_fault(asked) == fault


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            {"fault": "explode"},
            "fault: 'explode' is not known; use one of unavailable, reject, slow, hang, drop",
        ),
        ({"fault": "slow", "times": 0}, "times: expected a number from 1 to 1000"),
        ({"fault": "slow", "times": True}, "times: expected"),
        ({"fault": "slow", "seconds": -1}, "seconds: expected a number from 0 to 3600"),
        ({"fault": "slow", "seconds": "1"}, "seconds: expected"),
    ],
)
def test_what_is_not_understood_is_explained(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_fault(asked)
