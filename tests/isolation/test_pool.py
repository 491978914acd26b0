"""Children: warm, killable with all they started, and no trouble to their neighbours."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executions.calls.context import Cancellation, Deadline
from executions.isolation import (
    ChildCancelled,
    ChildCouldNotStart,
    ChildDied,
    ChildPool,
    ChildRaised,
    ChildTimedOut,
    NoChildFree,
    PoolClosed,
    ResultTooLarge,
)
from tests.processes import lives
from tests.waiting import until

TARGET = "tests.isolation.foreign:answer"


@pytest.fixture
def pool() -> Iterator[ChildPool]:
    one = ChildPool(TARGET, size=2, max_result_bytes=100_000)
    yield one
    one.close()


def test_a_call_gives_the_result_and_the_child_stays_warm(pool: ChildPool) -> None:
    first = pool.call("pid", None, deadline=Deadline(20))
    assert first == pool.call("pid", None, deadline=20.0) != os.getpid()
    assert pool.pids() == [first]


@settings(max_examples=50, deadline=None)
@given(
    st.recursive(
        st.none() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
        st.lists,
    )
)
def test_any_json_goes_there_and_back_unchanged(value: Any) -> None:
    assert SHARED.call("echo", value, deadline=20.0) == value


SHARED = ChildPool(TARGET, size=1)


@pytest.fixture(scope="module", autouse=True)
def _close_shared() -> Iterator[None]:
    yield
    SHARED.close()


def test_a_child_that_overruns_its_deadline_dies_with_all_that_it_started(
    pool: ChildPool, tmp_path: Path
) -> None:
    path = tmp_path / "pids"
    done = ThreadPoolExecutor(1).submit(pool.call, "grandchildren", str(path), deadline=4.0)
    until(path.exists, what="the child runs")
    child, grandchildren = pool.pids(), [int(word) for word in path.read_text().split()]
    assert all(map(lives, grandchildren))
    with pytest.raises(ChildTimedOut):
        done.result()
    until(lambda: not any(map(lives, [*child, *grandchildren])), what="the processes are gone")
    assert pool.call("echo", 1, deadline=20.0) == 1


def test_a_child_that_is_cancelled_dies_at_once_and_its_neighbour_goes_on(
    pool: ChildPool, tmp_path: Path
) -> None:
    neighbour = pool.call("pid", None, deadline=20.0)
    cancellation = Cancellation()
    path = tmp_path / "pid"
    with ThreadPoolExecutor(2) as threads:
        hanging = threads.submit(
            pool.call, "hang", str(path), deadline=60.0, cancellation=cancellation
        )
        until(path.exists, what="the child runs")
        other = threads.submit(pool.call, "echo", "x", deadline=20.0)
        assert other.result() == "x"
        cancellation.request()
        with pytest.raises(ChildCancelled):
            hanging.result()
    assert neighbour in pool.pids() or pool.call("echo", 1, deadline=20.0) == 1


def test_cancelling_after_the_call_kills_nobody(pool: ChildPool) -> None:
    cancellation = Cancellation()
    first = pool.call("pid", None, deadline=20.0, cancellation=cancellation)
    cancellation.request()
    assert pool.call("pid", None, deadline=20.0) == first


def test_a_call_cancelled_beforehand_or_while_it_waits_runs_nothing(tmp_path: Path) -> None:
    pool = ChildPool(TARGET, size=1)
    busy, waiting = Cancellation(), Cancellation()
    path = tmp_path / "pid"
    with ThreadPoolExecutor(2) as threads:
        hanging = threads.submit(pool.call, "hang", str(path), deadline=60.0, cancellation=busy)
        until(path.exists, what="the child runs")
        queued = threads.submit(pool.call, "echo", 1, deadline=60.0, cancellation=waiting)
        waiting.request()
        with pytest.raises(ChildCancelled):
            queued.result()
        busy.request()
        with pytest.raises(ChildCancelled):
            hanging.result()
    pool.close()


def test_waiting_for_a_child_counts_against_the_deadline(tmp_path: Path) -> None:
    pool = ChildPool(TARGET, size=1)
    path = tmp_path / "pid"
    with ThreadPoolExecutor(1) as threads:
        hanging = threads.submit(pool.call, "hang", str(path), deadline=60.0)
        until(path.exists, what="the child runs")
        with pytest.raises(NoChildFree):
            pool.call("echo", 1, deadline=Deadline(0.05))
        with pytest.raises(NoChildFree):
            pool.call("echo", 1, deadline=60.0, wait_seconds=0.05)
        pool.close()
        with pytest.raises(PoolClosed):
            hanging.result()


@pytest.mark.parametrize(("code", "expected"), [(0, 0), (3, 3)])
def test_a_child_that_exits_in_a_call_is_told_with_its_code(
    pool: ChildPool, code: int, expected: int
) -> None:
    with pytest.raises(ChildDied) as caught:
        pool.call("exit", code, deadline=20.0)
    assert (caught.value.exit_code, caught.value.signal_name) == (expected, None)
    assert pool.call("echo", 1, deadline=20.0) == 1


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL, signal.SIGTERM])
def test_a_child_that_crashes_is_told_with_its_signal_and_replaced(
    pool: ChildPool, number: int
) -> None:
    with pytest.raises(ChildDied) as caught:
        pool.call("signal", number, deadline=20.0)
    assert caught.value.signal_name == signal.Signals(number).name
    assert pool.call("echo", 1, deadline=20.0) == 1


def test_a_child_that_died_while_it_was_idle_is_replaced(pool: ChildPool) -> None:
    pid = pool.call("pid", None, deadline=20.0)
    os.kill(pid, signal.SIGKILL)
    until(lambda: not lives(pid), what="the processes are gone")
    assert pool.call("pid", None, deadline=20.0) != pid


def test_what_the_child_raises_arrives_with_type_message_and_traceback(pool: ChildPool) -> None:
    with pytest.raises(ChildRaised) as caught:
        pool.call("raise", "value", deadline=20.0)
    assert (caught.value.type_name, caught.value.message, caught.value.is_transient) == (
        "ValueError",
        "wrong",
        None,
    )
    assert "in _raise" in caught.value.traceback_text
    with pytest.raises(ChildRaised) as caught:
        pool.call("raise", "passing", deadline=20.0)
    assert (caught.value.is_transient, caught.value.details) == (True, {"status": 503})
    with pytest.raises(ChildRaised, match="SystemExit"):
        pool.call("raise", "exit", deadline=20.0)
    with pytest.raises(ChildRaised, match="not JSON serializable"):
        pool.call("not_json", None, deadline=20.0)
    assert len(pool.pids()) == 1


def test_what_the_child_prints_is_its_log_and_only_the_end_is_kept(pool: ChildPool) -> None:
    reply = pool.run("talk", 2, deadline=20.0)
    assert (reply.value, reply.log) == ("said", "out out \nthe end of it\n")
    long = pool.run("talk", 1_000_000, deadline=20.0).log
    assert len(long) <= 16_384
    assert long.endswith("the end of it\n")
    assert pool.run("echo", 1, deadline=20.0).log == ""


def test_the_child_has_no_standard_input_and_only_the_environment_it_was_given() -> None:
    pool = ChildPool(TARGET, size=1, environment={"COLOUR": "blue"})
    assert pool.call("read", None, deadline=20.0) == ""
    seen = pool.call("environment", None, deadline=20.0)
    assert seen.pop("COLOUR") == "blue"
    assert seen.keys() <= {"PYTHONPATH", "LC_CTYPE"}
    pool.close()


def test_a_memory_limit_stops_the_child_that_breaks_it() -> None:
    pool = ChildPool(TARGET, size=1, memory_limit_bytes=256 * 1024 * 1024)
    with pytest.raises(ChildRaised, match="MemoryError"):
        pool.call("allocate", 10**9, deadline=20.0)
    assert pool.call("allocate", 1_000, deadline=20.0) == 1_000
    pool.close()


def test_a_result_beyond_the_limit_is_refused_and_the_child_lives(pool: ChildPool) -> None:
    pid = pool.call("pid", None, deadline=20.0)
    with pytest.raises(ResultTooLarge, match="at most 100000"):
        pool.call("large", 10_000_000, deadline=20.0)
    assert pool.call("pid", None, deadline=20.0) == pid


def test_a_request_larger_than_a_pipe_arrives(pool: ChildPool) -> None:
    with pytest.raises(ResultTooLarge):
        pool.call("echo", "x" * 5_000_000, deadline=20.0)


def test_what_is_no_json_is_refused_before_a_child_is_asked(pool: ChildPool) -> None:
    with pytest.raises(ValueError, match="JSON"):
        pool.call("echo", float("nan"), deadline=20.0)
    assert pool.pids() == []


@pytest.mark.parametrize("target", ["no.such.module:f", "tests.isolation.foreign:nothing"])
def test_a_child_that_cannot_start_says_why(target: str) -> None:
    pool = ChildPool(target, size=1)
    with pytest.raises(
        ChildCouldNotStart, match=r"could not start: (ModuleNotFoundError|AttributeError)"
    ):
        pool.call("echo", 1, deadline=20.0)
    assert pool.pids() == []
    pool.close()


def test_many_threads_share_few_children(pool: ChildPool) -> None:
    with ThreadPoolExecutor(100) as threads:
        results = list(
            threads.map(lambda n: pool.call("echo", n, deadline=Deadline(60)), range(500))
        )
    assert results == list(range(500))
    assert 1 <= len(pool.pids()) <= 2


def test_a_child_outlives_the_thread_that_first_needed_it(pool: ChildPool) -> None:
    pids: list[int] = []
    thread = threading.Thread(target=lambda: pids.append(pool.call("pid", None, deadline=20.0)))
    thread.start()
    thread.join()
    assert pool.call("pid", None, deadline=20.0) == pids[0]


def test_a_worn_child_is_replaced() -> None:
    pool = ChildPool(TARGET, size=1, calls_per_child=2)
    pids = [pool.call("pid", None, deadline=20.0) for _ in range(5)]
    assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [2, 2, 1]
    pool.close()


def test_a_closed_pool_leaves_no_process_and_refuses_calls(pool: ChildPool) -> None:
    pid = pool.call("pid", None, deadline=20.0)
    pool.close()
    assert not lives(pid)
    with pytest.raises(PoolClosed):
        pool.call("echo", 1, deadline=20.0)


@pytest.mark.parametrize("operation", ["hang", "ignore"])
def test_a_killed_parent_leaves_no_child(operation: str, tmp_path: Path) -> None:
    path = tmp_path / "pid"
    program = (
        "import sys; from executions.isolation import ChildPool\n"
        f"pool = ChildPool({TARGET!r}, size=1)\n"
        "print(pool.call('pid', None, deadline=30.0), flush=True)\n"
        f"pool.call({operation!r}, {str(path)!r}, deadline=600.0)\n"
    )
    environment = {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, env=environment
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert lives(child)
        parent.kill()
        parent.wait()
        until(lambda: not lives(child), what="the processes are gone")
