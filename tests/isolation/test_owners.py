"""A child serves one owner; owners get turns; who has none at work gets one beyond the many of
another.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from executions.calls.context import Cancellation
from executions.isolation import ChildCouldNotStart, ChildPool
from executions.isolation.visit import Seconds
from tests.waiting import until

TARGET = "tests.isolation.foreign:answer"


@pytest.fixture
def pool() -> Iterator[ChildPool]:
    one = ChildPool(TARGET, size=2, guests=2, keeps_one_ready=True)
    yield one
    one.close()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(20) as some:
        yield some


class Busy:
    """Calls that hold their children until they are let go."""

    def __init__(self, pool: ChildPool, threads: ThreadPoolExecutor, folder: Path) -> None:
        self._pool, self._threads, self._folder = pool, threads, folder
        self.running: list[tuple[Future[Any], Cancellation]] = []

    def hold(self, owner: str) -> None:
        """Begin a call and wait until it runs."""
        path, cancellation = self._folder / f"{len(self.running)}", Cancellation()
        done = self._threads.submit(
            self._pool.call,
            "hang",
            str(path),
            owner=owner,
            deadline=600.0,
            cancellation=cancellation,
        )
        self.running.append((done, cancellation))
        until(path.exists, what="the call runs")

    def let_go(self, number: int) -> None:
        self.running[number][1].request()


@pytest.fixture
def busy(pool: ChildPool, threads: ThreadPoolExecutor, tmp_path: Path) -> Iterator[Busy]:
    held = Busy(pool, threads, tmp_path)
    yield held
    for number in range(len(held.running)):
        held.let_go(number)


def pid(pool: ChildPool, owner: str) -> int:
    found: int = pool.call("pid", None, owner=owner, deadline=30.0)
    return found


def test_a_child_serves_one_owner_until_it_is_replaced(pool: ChildPool) -> None:
    first = pid(pool, "1")
    assert pid(pool, "1") == first
    others = {pid(pool, owner) for owner in "2345678"}
    assert first not in others
    assert len(others) == 7
    assert len(pool.pids()) <= 5


def test_who_has_none_at_work_gets_a_child_beyond_the_many_of_another(
    pool: ChildPool, busy: Busy
) -> None:
    busy.hold("1")
    busy.hold("1")
    assert pool.seat("1", key="third") is None
    assert pid(pool, "2")
    busy.hold("2")
    assert pool.seat("2", key="second of another") is None
    busy.hold("3")
    assert pool.seat("4", key="beyond the guests") is None


def test_owners_get_turns_and_who_has_fewest_at_work_comes_first(
    pool: ChildPool, busy: Busy
) -> None:
    for owner in ("1", "1", "2", "3"):
        busy.hold(owner)
    turns: list[str] = []
    for owner in ("1", "1", "2", "2", "4", "5"):
        key = f"{owner}-{sum(each[0] == owner for each in waiting(pool))}"
        assert pool.seat(owner, key=key, waiting=key, on_turn=turns.append) is None
        pool.park(key)
    busy.let_go(0)
    until(lambda: turns == ["4-0"], what="who has none comes first")
    pool.leave("4-0")
    until(lambda: turns == ["4-0", "5-0"], what="and the next one who has none")
    busy.let_go(1)
    until(lambda: turns[2:] == ["1-0"], what="it had its turn longest ago and has none at work now")


def waiting(pool: ChildPool) -> list[str]:
    return [str(key) for key in pool._kept]


def test_one_that_has_served_nobody_stands_by(pool: ChildPool) -> None:
    pid(pool, "1")
    until(lambda: len(pool.pids()) == 2, what="a spare is ready")
    spare = pool.pids()
    assert pid(pool, "2") in spare


def test_a_parked_place_is_called_and_its_child_kept_for_it(pool: ChildPool) -> None:
    called = threading.Event()
    assert pool.seat("1", key="a", on_turn=lambda _: called.set()) is None
    pool.park("a")
    assert called.wait(30)
    with pool.seat("1", key="a") or pytest.fail("it has no child") as seat:
        assert seat.run("echo", 5, deadline=Seconds(30)).value == 5


def test_a_place_that_was_answered_before_it_is_parked_is_called_at_once(pool: ChildPool) -> None:
    calls: list[int] = []
    pool.seat("1", key="a", waiting=1, on_turn=calls.append)
    until(lambda: pool._kept["a"].is_answered, what="there is a child")
    assert calls == []
    pool.park("a")
    assert calls == [1]


def test_a_child_that_nobody_fetches_is_given_to_the_next(pool: ChildPool, busy: Busy) -> None:
    busy.hold("1")
    pool.seat("1", key="a")
    until(lambda: pool._kept["a"].is_answered, what="there is a child")
    pool.park("a")
    assert pool.leave_unclaimed(60) == 0
    assert pool.seat("1", key="b", wait=Seconds(0.01)) is None
    until(lambda: pool.leave_unclaimed(0.0) == 1, what="it is given up")
    seat = pool.seat("1", key="b")
    assert seat is not None
    seat.release()


def test_who_leaves_the_line_is_not_served(pool: ChildPool, busy: Busy) -> None:
    busy.hold("1")
    busy.hold("1")
    called: list[str] = []
    for key in ("a", "b"):
        pool.seat("1", key=key, waiting=key, on_turn=called.append)
        pool.park(key)
    pool.leave("a")
    busy.let_go(0)
    until(lambda: called == ["b"], what="the next one is called")


def test_that_no_child_can_start_is_told_to_whoever_comes_back_for_it() -> None:
    pool = ChildPool("no.such.module:answer", size=1, guests=1, keeps_one_ready=True)
    called = threading.Event()
    pool.seat("1", key="a", on_turn=lambda _: called.set())
    pool.park("a")
    assert called.wait(30)
    seat = pool.seat("1", key="a")
    assert seat is not None
    with seat, pytest.raises(ChildCouldNotStart):
        seat.run("echo", 1, deadline=Seconds(30))
    pool.close()


def test_an_owner_with_many_short_calls_leaves_room_for_those_of_others(
    pool: ChildPool, threads: ThreadPoolExecutor
) -> None:
    """A flood of calls of one owner, and others who call once each: nobody waits for the flood to
    end.
    """
    flood = [threads.submit(pool.call, "echo", n, owner="1", deadline=60.0) for n in range(200)]
    began = time.monotonic()
    others = [
        threads.submit(pool.call, "pid", None, owner=str(owner), deadline=60.0) for owner in (2, 3)
    ]
    assert len({each.result() for each in others}) == 2
    assert [each.result() for each in flood] == list(range(200))
    assert time.monotonic() - began < 60
