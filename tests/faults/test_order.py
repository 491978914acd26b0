"""What a run of the harness does first."""

from __future__ import annotations

from tests.faults.harness.__main__ import FAULTS, WANTED, in_order


def test_every_fault_says_how_many_trials_are_wanted() -> None:
    assert WANTED.keys() == FAULTS.keys()


def test_what_lacks_most_comes_first() -> None:
    done = WANTED | {"F8": 0, "F3": 100, "F2": 49, "F1": 5000, "F11": 0}
    order = in_order(lambda fault: done[fault])
    assert order[:3] == ["F8", "F2", "F3"]
    assert set(order) == set(FAULTS)


def test_what_may_take_longer_than_a_run_is_left_to_its_end() -> None:
    assert in_order(lambda fault: 0)[-1] == "F11"
