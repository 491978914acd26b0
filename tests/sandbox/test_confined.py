"""The second rung: no walls, and a kernel that lets a command reach its folders alone."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from executions.isolation.visit import Seconds
from executions.sandbox import Command, Ended, Limits, confine, promises, walls
from executions.sandbox.places import Place, passing
from executions.sandbox.promises import LANDLOCK, PROMISES, Standing
from executions.sandbox.running import run
from tests.sandbox.test_no_orphans import mark
from tests.waiting import until

__all__ = ["mark"]
pytestmark = pytest.mark.skipif(not confine.is_possible(), reason="this kernel has no Landlock 6")
LIMITS = Limits(512 * 1024**2, 64 * 1024**2)
Run = Callable[..., Ended]


@pytest.fixture
def confined(tmp_path: Path) -> Run:
    def ran(line: str, place: Place | None = None, network: bool = False) -> Ended:
        command = Command(["/bin/sh", "-c", line], network=network)
        with passing(tmp_path) as own:
            start = walls.confined(command, place or own)
            return run(command, place or own, start, LIMITS, deadline=Seconds(60))

    return ran


def test_every_promise_holds_without_bubblewrap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walls, "bubblewrap", lambda: None)
    found = promises._tried(tmp_path, [tmp_path])
    assert found == Standing(LANDLOCK, {})
    assert all(promise not in found.missing for promise in PROMISES)


def test_where_neither_works_both_reasons_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walls, "bubblewrap", lambda: None)
    monkeypatch.setattr(walls, "_CONFINE", tmp_path / "not there")
    refusal = promises._tried(tmp_path, [tmp_path]).refused([])
    assert "bubblewrap is not installed, and Landlock does not work here" in refusal


def test_a_command_works_in_its_folders(confined: Run) -> None:
    line = (
        "git init -q . && touch a && touch a && git add a && git -c user.name=a -c user.email=b"
        " commit -qm Kept && git log --format=%s && cp /bin/true b && ./b && mkdir d && mv a d"
        " && echo x > $TMPDIR/x && echo y > ~/y && python3 -c 'print(1 + 1)'"
    )
    ended = confined(line)
    assert (ended.code, ended.stdout) == (0, "Kept\n2\n"), ended.stderr


@pytest.mark.parametrize(
    "line",
    [
        "cat /etc/shadow",
        "cat /proc/1/environ",
        "cat /proc/$PPID/environ",
        "ls /root || ls /home",
        "ln -s /etc/shadow it; cat it",
        "ln /etc/hostname it && cat it",
        "echo x > /etc/x || echo x > /var/x || echo x > /dev/shm/x",
        "mknod it c 1 1",
        "unshare -r true",
        "mount -t tmpfs none .",
        "python3 -c 'import ctypes; exit(ctypes.CDLL(None).shmget(0, 4096, 0o1600) < 0)'",
        "python3 -c 'import ctypes; exit(ctypes.CDLL(None).msgget(0, 0o1600) < 0)'",
        "python3 -c 'import socket; socket.socket()'",
        "python3 -c 'import socket; socket.socket(socket.AF_UNIX)'",
        "python3 -c 'import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)'",
    ],
)
def test_it_reaches_nothing_else(confined: Run, line: str) -> None:
    ended = confined(line)
    assert ended.code != 0, ended.stdout
    assert "root:" not in ended.stdout


@pytest.mark.parametrize("how", ["chmod 777", "chown 12345", "touch -d 2001-01-01", "rm"])
def test_a_file_of_the_server_stays_as_it_is(confined: Run, tmp_path: Path, how: str) -> None:
    ours = tmp_path / "ours"
    ours.write_text("kept")
    before = ours.stat()
    # A call that does nothing may say that it was done.
    confined(f"{how} {ours}")
    after = ours.stat()
    kept = ("st_mode", "st_uid", "st_mtime_ns", "st_nlink")
    assert [getattr(before, name) for name in kept] == [getattr(after, name) for name in kept]


def test_it_ends_no_process_of_the_server(confined: Run) -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, frame: heard.append(number))
    try:
        assert confined(f"kill -USR1 {os.getpid()}").code != 0
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert heard == []


def test_it_has_no_rights_of_root(confined: Run) -> None:
    ended = confined("grep -h CapEff /proc/self/status || echo unseen")
    assert ended.stdout.split()[-1] in ("unseen", "0" * 16)


def test_with_a_grant_it_reaches_the_network(confined: Run) -> None:
    line = "python3 -c 'import socket; socket.socket(); print(1)'"
    assert confined(line, network=True).stdout == "1\n"


def test_what_it_leaves_behind_ends_with_it(confined: Run, mark: str) -> None:
    assert confined(f"setsid sleep {mark} & sleep 0.1").code == 0
    until(lambda: not promises._is_running(mark), what="nothing of it is left")
