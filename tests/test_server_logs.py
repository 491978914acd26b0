"""A failed test shows what the servers beside it wrote, and nothing of the tests before."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import server_logs
from tests.live import ROOT


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "web.log"
    yield path
    path.unlink(missing_ok=True)


def write(log: Path, text: str) -> None:
    with server_logs.writing(log) as stream:
        stream.write(text.encode())


def shown(log: Path) -> list[str]:
    return [text for title, text in server_logs.sections() if title == f"Server's log {log}"]


def test_what_was_written_since_the_test_began_is_shown(log: Path) -> None:
    write(log, "of the test before\n")
    server_logs.begin()
    assert shown(log) == []
    write(log, "why it failed\n")
    assert shown(log) == ["why it failed\n"]


def test_of_a_long_log_the_end_is_shown_and_how_much_was_left_out(log: Path) -> None:
    write(log, "x" * 1_000 + "y" * server_logs.SHOWN_BYTES)
    (text,) = shown(log)
    assert text == "[1,000 bytes before are left out]\n" + "y" * server_logs.SHOWN_BYTES


FAILING = """
from pathlib import Path
from tests import server_logs

def test_it():
    with server_logs.writing(Path({log!r})) as stream:
        stream.write(b"the database is away")
    assert 500 == 413
"""


def test_a_failure_beside_a_server_shows_its_log(log: Path, tmp_path: Path) -> None:
    failing = tmp_path / "test_it.py"
    failing.write_text(FAILING.format(log=str(log)))
    plugins = ["-p", "no:cacheprovider", "-p", "no:django", "-p", "tests.server_logs"]
    command = [
        sys.executable,
        "-m",
        "pytest",
        *plugins,
        f"--rootdir={tmp_path}",
        "-c",
        os.devnull,
        str(failing),
    ]
    said = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert f"Server's log {log}" in said.stdout and "the database is away" in said.stdout
