"""A process that truly hangs: the interpreter is held by one call of C, or the process is
stopped.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from executions.models import Process, Step
from executions.supervisor.child import Child
from executions.worker_identity import expect_exits, note_exit
from tests.driving.texts import call, get, tasks
from tests.live import stigmer_up
from tests.processes import lives
from tests.waiting import START_SECONDS, until

pytestmark = pytest.mark.processes
PATIENCE_SECONDS = 120
# Its silence must not tell before it is found to hang, as by default it does not.
PATIENT = {
    "STIGMER_PROCESS_SILENCE_SECONDS": 60,
    "STIGMER_HEARTBEAT_SECONDS": 5,
    "executions.driving.crashes.LONELY_CRASHES": 2,
}


def supervised(source: str, scenario: Any, **options: Any) -> list[str]:
    """Keep ``python -c source`` running as the supervisor does, and give what was said
    meanwhile.
    """
    lines: list[str] = []

    async def run() -> None:
        command = [sys.executable, "-c", source]
        child = Child(
            "worker-1", command, lambda name, line: lines.append(line), answers=True, **options
        )
        child.start()
        try:
            await scenario(child, lines)
        finally:
            await child.stop()

    asyncio.run(run())
    return lines


@contextmanager
def supervised_aside(command: list[str], log: Path, **options: Any) -> Iterator[None]:
    """Keep a command running in the loop of another thread, as this one asks the database
    meanwhile.
    """
    with log.open("a") as stream:
        child = Child(
            "worker-1", command, lambda name, line: print(line, file=stream, flush=True), **options
        )
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        try:
            loop.call_soon_threadsafe(child.start)
            yield
        finally:
            asyncio.run_coroutine_threadsafe(child.stop(), loop).result(60)
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


async def eventually(condition: Any, what: str) -> None:
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + PATIENCE_SECONDS
    while not condition():
        assert loop.time() < give_up_at, f"waited in vain until: {what}"
        await asyncio.sleep(0.05)


HOLDS = """
import re, threading, time
from executions.supervisor.answers import answer
answer()
print("up", flush=True)
def hold_the_interpreter():
    re.match("(a+)+$", "a" * 64 + "!")
def wait_for_a_lock():
    threading.Event().wait()
threading.Thread(target=wait_for_a_lock, daemon=True).start()
time.sleep(1)
hold_the_interpreter()
"""
WORKS = """
import sqlite3, time, sys
from executions.supervisor.answers import answer
answer()
print("up", flush=True)
locked = sqlite3.connect(sys.argv[1] if len(sys.argv) > 1 else ":memory:")
time.sleep(600)
"""


def test_a_held_interpreter_is_noticed_its_threads_are_named_and_it_is_replaced() -> None:
    ended: list[str] = []

    async def scenario(child: Child, lines: list[str]) -> None:
        await eventually(lambda: lines.count("up") == 2, "it was started again")

    lines = supervised(HOLDS, scenario, ended=lambda pid, how: ended.append(how))
    told = next(line for line in lines if line.startswith("HANGS"))
    assert "did not answer for 1" in told and "processor time (state: running)" in told
    assert any("hold_the_interpreter" in line for line in lines), "the thread that holds it"
    assert any("wait_for_a_lock" in line for line in lines), "and every other"
    assert any(line.startswith("ended (hung: it did not answer") for line in lines)
    assert ended[0].startswith("hung: it did not answer for 1")


@pytest.mark.slow
def test_a_stopped_process_is_replaced_after_half_a_minute_and_no_sooner() -> None:
    began: list[float] = []

    async def scenario(child: Child, lines: list[str]) -> None:
        await eventually(lambda: "up" in lines, "it is up")
        assert child.process is not None
        os.kill(child.process.pid, signal.SIGSTOP)
        began.append(asyncio.get_running_loop().time())
        await eventually(lambda: any("HANGS" in line for line in lines), "it was noticed")
        began.append(asyncio.get_running_loop().time())
        await eventually(lambda: lines.count("up") == 2, "it was started again")

    lines = supervised(WORKS, scenario)
    told = next(line for line in lines if line.startswith("HANGS"))
    assert "state: stopped" in told
    assert began[1] - began[0] >= 27


@pytest.fixture
def exits(tmp_path: Path) -> Iterator[Path]:
    home = tmp_path / "home"
    home.mkdir()
    expect_exits(home)
    yield home


@pytest.mark.database
def test_what_hangs_its_worker_is_set_apart_and_what_ran_beside_it_ends_well(
    exits, begin, ends, gated, log, redis_client, transactional_db
):
    """The supervisor's part is a Child of this test; the worker, its fork server and the hang are
    real.
    """
    from tests.worker.conftest import worker_environment

    beside = [
        begin(tasks(a=get(f"{gated.url}/gated"), b="{set: {n: 1}}"), name="beside")
        for _ in range(2)
    ]
    options: dict[str, Any] = {
        "answers": True,
        "environment": worker_environment(exits, PATIENT),
        "stop_seconds": 30,
        "ended": lambda pid, how: note_exit(exits, pid, how),
    }
    with supervised_aside([sys.executable, "-m", "executions.cli", "worker"], log, **options):
        try:
            until(lambda: gated.inside == 2, what="two calls are under way", seconds=90)
            hung = begin(tasks(a=call("holds")), name="holds")
            failed = ends(hung, "FAILED", 240)
            assert failed.requires_manual_intervention
            assert "hung: it did not answer" in failed.failure_reason
        finally:
            gated.gate.set()
        for execution in beside:
            assert ends(execution, "COMPLETED", 60).output == {"n": 1}
    deaths = list(Process.objects.filter(death__startswith="hung").values_list("kind", flat=True))
    assert deaths.count("worker") == 1, "from the second time on it was driven alone"
    assert deaths.count("alone") == 2
    assert "re.match" in log.read_text() or "in holds" in log.read_text(), "the thread is named"
    assert Step.objects.get(execution=hung, path="/a").status == "FAILED"


def test_the_web_server_is_replaced_when_it_is_stopped_and_a_worker_is_not_while_the_database_is_locked(
    tmp_path: Path,
) -> None:
    import sqlite3

    with stigmer_up(tmp_path / "home") as live:
        (web,), workers = live.children("web"), live.children("worker")
        before = {process.pid for process in workers}
        lock = sqlite3.connect(live.home / "stigmer.sqlite3", isolation_level=None, timeout=30)
        lock.execute("BEGIN EXCLUSIVE")
        web.send_signal(signal.SIGSTOP)
        until(
            lambda: not lives(web),
            what="the stopped web server is killed",
            seconds=PATIENCE_SECONDS,
        )
        assert {process.pid for process in live.children("worker")} == before, (
            "who waits for the database lives"
        )
        lock.execute("ROLLBACK")
        lock.close()
        until(
            lambda: live.status("/readyz") == 200, what="it is ready again", seconds=START_SECONDS
        )
        assert "HANGS" in live.written()
        assert {process.pid for process in live.children("worker")} == before
