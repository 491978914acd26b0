"""Within its walls a command makes no system calls that reach into the kernel."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path

import pytest

from executions.isolation.visit import Seconds
from executions.sandbox import Command, Ended, Limits, confine, promises, walls
from executions.sandbox.places import passing
from executions.sandbox.promises import Standing
from executions.sandbox.running import run

pytestmark = pytest.mark.skipif(walls.bubblewrap() is None, reason="bubblewrap is not installed")
LIMITS = Limits(512 * 1024**2, 64 * 1024**2)
KEYCTL = {"x86_64": 250, "aarch64": 219}.get(platform.machine(), -1)
CALL = "python3 -c 'import ctypes; exit(ctypes.CDLL(None).syscall({}) == -1)'"
Run = Callable[..., Ended]


@pytest.fixture
def walled(tmp_path: Path) -> Run:
    program = walls.bubblewrap()
    assert program is not None

    def ran(line: str, network: bool = False) -> Ended:
        command = Command(["/bin/sh", "-c", line], network=network)
        with passing(tmp_path) as place:
            start = walls.inside(command, place, [], program)
            return run(command, place, start, LIMITS, deadline=Seconds(60))

    return ran


def test_the_promise_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trial = promises._Trial(tmp_path, [tmp_path], Standing(walls.bubblewrap() or ""))
    assert promises._calls(trial) == ""
    monkeypatch.setattr(confine, "within_walls", lambda: b"")
    assert promises._calls(trial) == "a command makes any system call"


@pytest.mark.parametrize("network", [False, True])
@pytest.mark.parametrize(
    "line",
    [
        "unshare true",
        CALL.format("425, 1, ctypes.create_string_buffer(120)"),
        CALL.format(f"{KEYCTL}, 0, -3, 1"),
        "python3 -c 'import socket; socket.socket(socket.AF_VSOCK)'",
        "python3 -c 'import socket; socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)'",
    ],
    ids=["namespaces", "io_uring", "keys", "virtual machines", "ciphers"],
)
def test_what_reaches_into_the_kernel_is_refused(walled: Run, line: str, network: bool) -> None:
    ended = walled(line, network)
    assert ended.code != 0, ended.stdout


def test_what_programs_need_works(walled: Run) -> None:
    line = (
        "git init -q . && touch a && git add a && git -c user.name=a -c user.email=b"
        " commit -qm Kept && git log --format=%s && chmod 600 a && python3 -c '"
        "import socket, threading, subprocess; socket.socketpair(); socket.socket();"
        " socket.socket(socket.AF_NETLINK, socket.SOCK_RAW);"
        " thread = threading.Thread(target=print); thread.start();"
        ' thread.join(); subprocess.run(["true"], check=True)\''
    )
    ended = walled(line)
    assert (ended.code, ended.stdout) == (0, "Kept\n\n"), ended.stderr
