"""What systemd hears of a process: that it is ready, and within its time that it lives."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import server_logs
from tests.live import ROOT, environment, free_ports

pytestmark = pytest.mark.processes
HANGS = """
import os, re, time
from executions.supervisor.answers import answer
answer()
print("NOTIFY_SOCKET" in os.environ, flush=True)
time.sleep(2)
re.match("(a+)+$", "a" * 64 + "!")
"""


@pytest.fixture(params=["a path", "an abstract name"])
def listening(
    request: pytest.FixtureRequest, short_folder: Path
) -> Iterator[tuple[str, socket.socket]]:
    """A name as systemd gives it, and the socket behind it."""
    path = (
        str(short_folder / "notify")
        if request.param == "a path"
        else f"@stigmer-tests-{os.getpid()}"
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind("\0" + path[1:] if path.startswith("@") else path)
        heard.settimeout(60)
        yield path, heard


def test_a_process_says_so_in_time_and_falls_silent_when_the_interpreter_is_held(
    listening: tuple[str, socket.socket],
) -> None:
    path, heard = listening
    asked = {**os.environ, "NOTIFY_SOCKET": path, "WATCHDOG_USEC": "900000"}
    command = [sys.executable, "-c", HANGS]
    with subprocess.Popen(command, cwd=ROOT, env=asked, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"False\n", "what it starts is not asked to answer"
            assert [heard.recv(100) for _ in range(4)] == [b"WATCHDOG=1"] * 4
            heard.settimeout(3)
            with pytest.raises(TimeoutError):
                while True:
                    heard.recv(100)
            assert process.poll() is None
        finally:
            process.kill()


def test_a_process_that_is_not_the_one_that_is_watched_says_nothing(
    listening: tuple[str, socket.socket],
) -> None:
    path, heard = listening
    asked = {**os.environ, "NOTIFY_SOCKET": path, "WATCHDOG_USEC": "300000", "WATCHDOG_PID": "1"}
    source = (
        "import time; from executions.supervisor.answers import answer; answer(); time.sleep(1)"
    )
    subprocess.run([sys.executable, "-c", source], cwd=ROOT, env=asked, check=True, timeout=300)
    heard.setblocking(False)
    with pytest.raises(BlockingIOError):
        heard.recv(100)


def test_up_says_that_it_is_ready_and_that_it_lives(short_folder: Path, tmp_path: Path) -> None:
    path = str(short_folder / "notify")
    port, demo_port = free_ports(2)
    settings = {"STIGMER_PORT": port, "STIGMER_DEMO": demo_port, "STIGMER_WORKERS": 1}
    asked = {
        **environment(tmp_path / "home", **settings),
        "NOTIFY_SOCKET": path,
        "WATCHDOG_USEC": "3000000",
    }
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard,
        server_logs.writing(tmp_path / "log") as log,
    ):
        heard.bind(path)
        heard.settimeout(90)
        up = subprocess.Popen(
            [sys.executable, "-m", "executions.cli", "up"],
            cwd=ROOT,
            env=asked,
            stdout=log,
            stderr=log,
        )
        try:
            said = [heard.recv(100)]
            while said[-1] != b"READY=1":
                said.append(heard.recv(100))
            assert heard.recv(100) == b"WATCHDOG=1"
            assert set(said) == {b"WATCHDOG=1", b"READY=1"}
            assert said.count(b"READY=1") == 1
        finally:
            up.send_signal(signal.SIGTERM)
            assert up.wait(60) == 0
