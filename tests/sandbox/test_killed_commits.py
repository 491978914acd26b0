"""Something is killed while git commits in a workspace: the next command can work there, and the
commit is whole or not there.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from executions.isolation.visit import Seconds
from executions.sandbox import Command, Ended, Limits, walls
from executions.sandbox.places import Place, passing
from executions.sandbox.running import run
from executions.sandbox.sharing import shared
from tests.live import ROOT
from tests.processes import below, kill, lives
from tests.waiting import until

ROUNDS = int(os.environ.get("KILL_ROUNDS", "4"))
pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(walls.bubblewrap() is None, reason="bubblewrap is not installed"),
]
WHO = "git -c user.name=a -c user.email=b"
BEGIN = f"git init -q . && echo 0 > n && git add n && {WHO} commit -qm 0"
# Each commit holds one number more than the one before it.
COMMITS = f"while :; do n=$(($(cat n) + 1)); echo $n > n; {WHO} commit -qam $n; done"
LOOK = (
    "git fsck --no-progress --strict && git log --format=%s && git checkout -q -f && cat n"
    f" && {WHO} commit -q --allow-empty -m more"
)


def carried_out(folder: Path, workspace: Path, line: str) -> Ended:
    program = walls.bubblewrap()
    assert program is not None
    command = Command(["/bin/sh", "-c", line])
    with passing(folder, workspace) as place, shared(workspace, place.work):
        start = walls.inside(command, place, [], program)
        limits = Limits(512 * 1024**2, 256 * 1024**2)
        return run(command, place, start, limits, deadline=Seconds(120))


def main(folder: Path) -> None:
    carried_out(folder, folder / "workspace", COMMITS)


def test_a_commit_is_whole_or_not_there_and_no_lock_stays(tmp_path: Path) -> None:
    workspace = Place(tmp_path / "workspace")
    workspace.make()
    assert carried_out(tmp_path, workspace.folder, BEGIN).code == 0
    head, pause = workspace.work / ".git" / "logs" / "HEAD", threading.Event()
    for number in range(ROUNDS):
        words = [sys.executable, "-m", "tests.sandbox.test_killed_commits", str(tmp_path)]
        worker = subprocess.Popen(words, cwd=ROOT)
        size = head.stat().st_size
        until(lambda size=size: head.stat().st_size > size, what="it commits")  # type: ignore[misc]
        started = below(worker.pid)
        pause.wait(random.random() / 20)
        mother = psutil.Process(worker.pid)
        victims = [mother] if number % 2 else [each for each in started if each.is_running()]
        kill(victims[: 1 + number % 3])
        if number % 2 == 0:
            worker.kill()
        worker.wait()
        until(lambda all=started: not any(map(lives, all)), what="all of it ended")  # type: ignore[misc]
        ended = carried_out(tmp_path, workspace.folder, LOOK)
        assert ended.code == 0, (number, ended.stdout, ended.stderr)
        *told, last = ended.stdout.split()
        numbers = [int(each) for each in told if each.isdigit()]
        assert numbers == sorted(set(numbers), reverse=True), "none is doubled"
        assert numbers[0] == int(last)
        assert set(range(numbers[0] + 1)) == set(numbers), "none is lost"


def test_a_lock_is_removed_by_who_is_alone_and_by_nobody_else(tmp_path: Path) -> None:
    git = tmp_path / "work" / ".git"
    git.mkdir(parents=True)
    (tmp_path / "kept.lock").write_text("")
    (git / "link").symlink_to(tmp_path)
    lock = git / "index.lock"
    with shared(tmp_path, tmp_path / "work"):
        lock.write_text("held by a command")
        with shared(tmp_path, tmp_path / "work"):
            assert lock.exists(), "another command may hold it"
    with shared(tmp_path, tmp_path / "work"):
        assert not lock.exists()
    assert (tmp_path / "kept.lock").exists(), "no link was followed"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
