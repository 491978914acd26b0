"""A queue that is switched off is said wherever somebody would look; RQ's own workers are
refused.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import server_logs
from tests.live import ROOT, command, environment, free_ports
from tests.waiting import START_SECONDS, until

pytestmark = pytest.mark.processes
SAID = "The queue is switched off (STIGMER_QUEUE=off)"


def test_check_says_that_the_queue_is_off(tmp_path: Path) -> None:
    checked = subprocess.run(
        command("check"),
        cwd=ROOT,
        env=environment(tmp_path, STIGMER_QUEUE="off"),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert checked.returncode != 0
    assert SAID in checked.stderr + checked.stdout
    assert "STIGMER_QUEUE=on" in checked.stderr + checked.stdout


def test_up_says_that_the_queue_is_off_before_anything_else(tmp_path: Path) -> None:
    port, demo_port = free_ports(2)
    log = tmp_path / "up.log"
    settings = {
        "STIGMER_QUEUE": "off",
        "STIGMER_PORT": port,
        "STIGMER_DEMO": demo_port,
        "STIGMER_WORKERS": 1,
    }
    with server_logs.writing(log) as stream:
        up = subprocess.Popen(
            command("up"),
            cwd=ROOT,
            env=environment(tmp_path / "home", **settings),
            stdout=stream,
            stderr=stream,
        )
    try:
        until(
            lambda: "worker started" in log.read_text(),
            what="the worker has started",
            seconds=START_SECONDS,
        )
        until(
            lambda: "drives what was accepted before" in log.read_text(),
            what="the worker says so as well",
        )
    finally:
        up.terminate()
        up.wait(60)
    assert SAID in log.read_text().splitlines()[0]


@pytest.mark.parametrize("name", ["rqworker", "rqworker-pool"])
@pytest.mark.parametrize("arguments", [[], ["high", "default", "low"], ["default", "--burst"]])
def test_workers_of_rq_itself_are_refused_with_a_sentence(
    name: str, arguments: list[str], tmp_path: Path
) -> None:
    refused = subprocess.run(
        [sys.executable, "manage.py", name, *arguments],
        cwd=ROOT,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert refused.returncode == 1
    assert refused.stderr.startswith("CommandError: Only `stigmer worker` can advance executions")
    assert "Traceback" not in refused.stderr
