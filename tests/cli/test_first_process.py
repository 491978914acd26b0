"""The command as the first process of a container."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests import server_logs
from tests.live import ROOT, command, environment, free_ports
from tests.processes import lives
from tests.waiting import START_SECONDS, until
from tests.worker.test_namespaces import may_unshare

CONTAINER = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not may_unshare(), reason="making a pid namespace takes root"),
]
FORKED = (
    "from executions.cli.first_process import leave_the_first_place; leave_the_first_place();"
    " import os, signal; "
)


@pytest.mark.parametrize(
    ("does", "code"),
    [
        ("os._exit(7)", 7),
        ("os.kill(os.getpid(), signal.SIGKILL)", 137),
        ("os.kill(1, signal.SIGTERM); signal.pause()", 143),
        ("os.kill(1, signal.SIGINT); signal.pause()", 130),
        ("os.kill(1, signal.SIGUSR1); signal.pause()", 138),
    ],
)
def test_it_ends_as_its_child_ended_and_passes_signals_on(does: str, code: int) -> None:
    python = [
        sys.executable,
        "-c",
        FORKED + "signal.signal(signal.SIGINT, signal.SIG_DFL); " + does,
    ]
    assert subprocess.run([*CONTAINER, *python], cwd=ROOT, timeout=300).returncode == code


def test_elsewhere_the_command_goes_on_in_its_own_process() -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os; pid = os.getpid(); " + FORKED + "print(pid == os.getpid())",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == "True\n"


def test_it_reaps_what_a_killed_worker_leaves_and_stops_in_order(tmp_path: Path) -> None:
    port, demo_port = free_ports(2)
    own = environment(
        tmp_path / "home", STIGMER_PORT=port, STIGMER_DEMO=demo_port, STIGMER_WORKERS=1
    )
    log = tmp_path / "log"
    with server_logs.writing(log) as stream:
        outside = subprocess.Popen(
            [*CONTAINER, *command("up")], cwd=ROOT, env=own, stdout=stream, stderr=stream
        )
    try:
        until(
            lambda: "worker started" in log.read_text(),
            what="a worker has started",
            seconds=START_SECONDS,
        )
        (first,) = psutil.Process(outside.pid).children()
        (supervisor,) = first.children()
        worker = next(child for child in supervisor.children() if child.cmdline()[-1] == "worker")
        left = until(worker.children, what="the worker has children of its own")
        worker.kill()
        until(lambda: not any(map(lives, left)), what="its children have ended")
        until(
            lambda: log.read_text().count("worker started") == 2,
            what="the next one has started",
            seconds=START_SECONDS,
        )
        until(lambda: not any(child.is_running() for child in left), what="they were reaped")
        os.kill(first.pid, signal.SIGTERM)
        assert outside.wait(60) == 0, log.read_text()
        assert "stopped" in log.read_text().splitlines()[-1]
    finally:
        outside.kill()
        outside.wait()
