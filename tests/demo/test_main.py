"""The shop as a process of its own."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.waiting import PATIENCE_SECONDS, until


def start(folder: Path, port: int = 0) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "executions.demo",
        "--port",
        str(port),
        "--folder",
        str(folder),
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_listens_and_stops_when_told_to_even_while_a_call_hangs(
    tmp_path: Path, number: signal.Signals
) -> None:
    with start(tmp_path) as process:
        assert process.stdout is not None
        address = process.stdout.readline().removeprefix("demo shop: ").strip()
        assert (tmp_path / "address").read_text() == address
        httpx.post(
            f"{address}control", json={"operation": "charge", "fault": "hang"}, trust_env=False
        )
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(
                f"{address}payments",
                json={"orderId": "o", "amount": 1},
                timeout=httpx.Timeout(60, read=1),
                trust_env=False,
            )
        until((tmp_path / "ledger.jsonl").exists, what="the call has arrived")
        process.send_signal(number)
        assert process.wait(timeout=PATIENCE_SECONDS) == 0
        assert process.stderr is not None and process.stderr.read() == ""
    (line,) = (tmp_path / "ledger.jsonl").read_text().splitlines()
    assert json.loads(line)["effect"] == "charge"


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        start(tmp_path, taken.getsockname()[1]) as process,
    ):
        _, errors = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 1
        assert errors.strip().count("\n") == 0
        assert errors.startswith("the demo shop cannot start on 127.0.0.1:")
