from __future__ import annotations

import signal

import pytest

from executions.supervisor.restarts import Restarts


def test_each_death_in_a_row_doubles_the_delay_up_to_half_a_minute() -> None:
    restarts = Restarts()
    delays = [restarts.died(started_at=0, now=1) for _ in range(10)]
    assert delays == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0]


def test_a_stable_life_forgets_the_deaths_before_it() -> None:
    restarts = Restarts()
    restarts.died(started_at=0, now=1)
    restarts.died(started_at=1, now=2)
    assert restarts.died(started_at=2, now=62) == 0.2


def test_more_than_ten_deaths_in_ten_minutes_are_alarming() -> None:
    restarts = Restarts()
    for second in range(10):
        restarts.died(started_at=second, now=second)
    assert not restarts.are_alarming(now=10)
    restarts.died(started_at=10, now=10)
    assert restarts.are_alarming(now=10)
    assert not restarts.are_alarming(now=611)


@pytest.mark.parametrize("code", [0, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP])
def test_who_was_asked_to_end_did_not_crash_and_comes_back_at_once_each_time(code: int) -> None:
    restarts = Restarts()
    restarts.ended(1, started_at=0, now=1)
    restarts.ended(-signal.SIGKILL, started_at=1, now=2)
    assert [restarts.ended(code, started_at=2, now=3) for _ in range(20)] == [0.2] * 20
    assert not restarts.are_alarming(now=3)
    assert restarts.ended(1, started_at=3, now=4) == 0.8, "crashes in a row are still remembered"
