"""When a process counts as hung."""

from __future__ import annotations

import os
import time

import pytest

from executions.isolation.facts import processor_seconds, state
from executions.supervisor.silence import Silence


def looks(silence: Silence, count: int, *, busy: float = 0.0, elapsed: float = 1.0) -> list[int]:
    """The numbers of the looks, one a second, at which it counts as hung; ``busy`` is its share of
    a processor.
    """
    return [
        number
        for number in range(1, count + 1)
        if silence.look(elapsed=elapsed, spoke=False, used=silence.used_before + busy * number)
    ]


@pytest.fixture
def silence() -> Silence:
    spoken = Silence()
    assert spoken.look(elapsed=1, spoke=True, used=3.0) == ""
    return spoken


def test_one_that_runs_and_says_nothing_hangs_after_ten_seconds(silence: Silence) -> None:
    assert looks(silence, 11, busy=1.0) == [10, 11]


def test_one_that_gets_a_small_share_of_a_busy_machine_runs_all_the_same(silence: Silence) -> None:
    assert looks(silence, 10, busy=0.07) == [10]


def test_one_that_does_not_run_at_all_hangs_after_thirty_seconds(silence: Silence) -> None:
    assert looks(silence, 31) == [30, 31]


def test_whoever_speaks_in_time_never_hangs(silence: Silence) -> None:
    for number in range(100):
        assert not silence.look(elapsed=1, spoke=number % 9 == 0, used=float(number))


def test_time_in_which_the_watcher_stood_still_is_held_against_nobody(silence: Silence) -> None:
    assert looks(silence, 4, busy=900.0, elapsed=900.0) == [], "at most two seconds a look"


def test_loading_its_code_comes_before_the_first_word() -> None:
    assert looks(Silence(), 120, busy=1.0) == [120]


def test_the_reason_says_what_was_seen(silence: Silence) -> None:
    for _ in range(9):
        silence.look(elapsed=1, spoke=False, used=12.0)
    why = silence.look(elapsed=1, spoke=False, used=12.5)
    assert why == "it did not answer for 10 s and used 9.5 s of processor time"


def test_the_system_tells_what_a_process_used_and_in_what_state_it_is() -> None:
    before = processor_seconds(os.getpid())
    until = time.process_time() + 0.05
    while time.process_time() < until:
        pass
    assert processor_seconds(os.getpid()) > before
    assert state(os.getpid()) == "running"
    assert (processor_seconds(2**22 + 1), state(2**22 + 1)) == (0.0, "")
