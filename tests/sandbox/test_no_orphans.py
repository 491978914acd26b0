"""Whatever is killed, nothing of a command outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import psutil
import pytest

from executions.isolation.visit import Seconds
from executions.sandbox import Command, Limits, leftovers, walls
from executions.sandbox.places import passing
from executions.sandbox.running import run
from tests.live import ROOT
from tests.processes import below, kill, lives, named
from tests.waiting import until

_marks = count(880_001)
ROUNDS = int(os.environ.get("KILL_ROUNDS", "2"))
WALLS = [
    "bare",
    pytest.param(
        "walls",
        marks=pytest.mark.skipif(walls.bubblewrap() is None, reason="bubblewrap is not installed"),
    ),
]
pytestmark = pytest.mark.processes


@pytest.fixture
def mark() -> str:
    """A number of seconds that nothing else on this machine sleeps."""
    return f"{os.getpid() % 1000}{next(_marks)}"


class Runner:
    """A worker with one command, which has begun children in sessions of their own."""

    def __init__(self, folder: Path, mark: str, kind: str) -> None:
        line = f"setsid sleep {mark} & setsid sh -c 'setsid sleep {mark} & sleep {mark}' & sleep {mark}"
        command = [sys.executable, "-m", "tests.sandbox.runner", str(folder), line, kind]
        self.mark = mark
        self.worker = subprocess.Popen(command, cwd=ROOT)
        until(lambda: len(self.sleepers()) >= 4, what="the command and its children run")
        self.keeper = next(
            child
            for child in psutil.Process(self.worker.pid).children()
            if any("keeper.py" in word for word in child.cmdline())
        )

    def sleepers(self) -> list[int]:
        return [pid for pid in named(self.mark) if _is_sleep(pid)]

    def over(self) -> None:
        """Nothing of it is left."""
        until(lambda: not self.sleepers(), what="all that the command started has ended")
        until(lambda: not lives(self.keeper), what="its keeper has ended")


def _is_sleep(pid: int) -> bool:
    try:
        return psutil.Process(pid).name() == "sleep" and lives(pid)
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(params=WALLS)
def runner(request: pytest.FixtureRequest, tmp_path: Path, mark: str) -> Iterator[Runner]:
    found = Runner(tmp_path, mark, request.param)
    yield found
    found.worker.kill()
    found.worker.wait()


@pytest.mark.parametrize("number", range(ROUNDS))
@pytest.mark.parametrize("victim", ["worker", "command", "child"])
def test_nothing_is_left(runner: Runner, victim: str, number: int) -> None:
    if victim == "worker":
        runner.worker.kill()
    elif victim == "command":
        runner.keeper.children()[0].send_signal(signal.SIGKILL)
    else:
        for pid in runner.sleepers():
            # With the first of them others may have ended.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    runner.over()


@pytest.mark.parametrize("number", range(ROUNDS))
def test_nothing_is_left_where_its_keeper_is_killed(runner: Runner, number: int) -> None:
    runner.keeper.kill()
    runner.over()
    assert runner.worker.wait(30) != 0, "the worker hears that it is gone"


def test_what_a_dead_worker_left_without_walls_is_found_by_the_next(
    tmp_path: Path, mark: str
) -> None:
    runner = Runner(tmp_path, mark, "bare")
    runner.keeper.suspend()
    runner.worker.kill()
    runner.worker.wait()
    runner.keeper.kill()
    until(lambda: not lives(runner.keeper), what="both are gone")
    leftovers.end_of_the_dead()
    runner.over()


@pytest.mark.skipif(walls.bubblewrap() is None, reason="bubblewrap is not installed")
def test_a_command_whose_walls_are_killed_had_begun(tmp_path: Path) -> None:
    def heard(text: str) -> None:
        kill(below(os.getpid(), "--json-status-fd"))

    command = Command(["/bin/sh", "-c", "echo begun; sleep 600"])
    with passing(tmp_path) as place:
        start = walls.inside(command, place, [], walls.bubblewrap() or "")
        limits = Limits(512 * 1024**2, 64 * 1024**2)
        ended = run(command, place, start, limits, deadline=Seconds(60), heard=heard)
    assert (ended.code, ended.stdout) == (137, "begun\n")
