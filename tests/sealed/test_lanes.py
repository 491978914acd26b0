"""Slow calls hold up nobody but their owner."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import psutil
import pytest

from executions import sealed
from tests.sealed.programs import FOR_EVER, run, slow_children, threads_that_may_hang
from tests.waiting import until

LONG = "last(range(3e5))"


def hang(threads: ThreadPoolExecutor, owner: str, seconds: float = 60.0) -> Future[bytes]:
    return threads.submit(run, FOR_EVER, owner=owner, seconds=seconds)


def steps_back(pid: int) -> bool:
    if sys.platform == "linux":
        return os.sched_getscheduler(pid) == os.SCHED_IDLE
    return psutil.Process(pid).nice() == min(19, psutil.Process().nice() + 15)


def test_a_slow_call_keeps_its_child_and_comes_to_its_answer() -> None:
    assert [run(LONG) for _ in range(5)] == [b"299999"] * 5
    assert slow_children() == []


def test_others_are_answered_while_calls_hang() -> None:
    with threads_that_may_hang(8) as threads:
        hanging = [hang(threads, f"owner-{n}") for n in range(4)]
        until(lambda: len(slow_children()) == 4, what="four calls are slow")
        assert [run(f". + {n}", "1", owner="ada") for n in range(50)] == [
            str(n + 1).encode() for n in range(50)
        ]
        assert not any(call.done() for call in hanging)


def test_an_owner_has_one_slow_call_at_a_time_and_the_waiting_is_told() -> None:
    def second() -> float:
        before = sealed.waited_seconds()
        with pytest.raises(sealed.SealedTimedOut):
            run(f"{FOR_EVER} # other", owner="eve", seconds=0.2)
        return sealed.waited_seconds() - before

    with threads_that_may_hang(2) as threads:
        first = hang(threads, "eve", seconds=1.0)
        until(lambda: len(slow_children()) == 1, what="the call is slow")
        waited = threads.submit(second)
        with pytest.raises(sealed.SealedTimedOut):
            first.result(timeout=60)
        assert waited.result(timeout=60) > 0.1


def test_a_process_has_four_slow_calls_at_most() -> None:
    with threads_that_may_hang(6) as threads:
        for n in range(6):
            hang(threads, f"owner-{n}")
        until(lambda: len(slow_children()) == 4, what="four calls are slow")
        assert run("1", owner="ada") == b"1"
        slow = slow_children()
        assert len(slow) == 4
        until(lambda: all(map(steps_back, slow)), what="others come first")


def test_what_an_owner_ran_before_is_quick_while_something_new_of_theirs_is_slow() -> None:
    assert run(". * 2", "4", owner="eve") == b"8"
    with threads_that_may_hang(2) as threads:
        hang(threads, "eve")
        until(lambda: len(slow_children()) == 1, what="the call is slow")
        assert run(". * 2", "5", owner="eve") == b"10"
        new = threads.submit(run, ". * 3", "5", owner="eve")
        assert run(". * 3", "5", owner="ada") == b"15"
        assert not new.done()


def test_many_threads_share_the_children() -> None:
    stop = threading.Event()

    def run_away() -> int:
        count = 0
        while not stop.is_set():
            with pytest.raises(sealed.SealedTimedOut):
                run(FOR_EVER, owner="eve", seconds=0.1)
            count += 1
        return count

    with threads_that_may_hang(10) as threads:
        wild = [threads.submit(run_away) for _ in range(2)]
        tame = [threads.submit(run, f"[{n}]", owner="ada") for n in range(200)]
        assert [one.result() for one in tame] == [f"[{n}]".encode() for n in range(200)]
        stop.set()
        assert all(one.result() > 0 for one in wild)
