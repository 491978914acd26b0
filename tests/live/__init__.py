"""A whole Stigmer, started as a newcomer starts it: ``stigmer up`` in an empty data folder."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests import server_logs
from tests.processes import kill
from tests.waiting import PATIENCE_SECONDS, START_SECONDS, until

ROOT = Path(__file__).resolve().parents[2]
OURS = ("STIGMER_", "DJANGO_", "DATABASE_URL", "REDIS_URL", "PYTEST_")
STOP_SECONDS = 60.0


@dataclass(slots=True)
class LiveStigmer:
    """A running server. ``log`` is what it wrote; ``process`` is the supervisor."""

    base_url: str
    demo_url: str
    home: Path
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def logins(self) -> dict[str, str]:
        """Passwords by name: ``demo``, ``support``, ``admin``."""
        entries = json.loads((self.home / "logins.json").read_text())
        return {entry["name"]: entry["password"] for entry in entries}

    def status(self, path: str) -> int | None:
        """The status that a GET answers; None where nobody answers."""
        try:
            with urllib.request.urlopen(self.base_url + path, timeout=PATIENCE_SECONDS) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def children(self, kind: str = "") -> list[psutil.Process]:
        """The supervisor's living children whose command line names ``kind`` (web, worker,
        valkey-server, demo).
        """
        found = []
        for child in psutil.Process(self.process.pid).children():
            try:
                if kind in " ".join(child.cmdline()[-2:]) or kind in child.name():
                    found.append(child)
            except psutil.NoSuchProcess:
                continue
        return found

    def everything(self) -> list[psutil.Process]:
        """The supervisor and all that it started, at any depth."""
        supervisor = psutil.Process(self.process.pid)
        return [supervisor, *supervisor.children(recursive=True)]

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ask it to stop as Ctrl-C does, wait, and give its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)

    def written(self) -> str:
        return self.log.read_text(errors="replace")


def environment(home: Path, **settings: object) -> dict[str, str]:
    """A newcomer's environment: nothing of the tests' own settings, but these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return {
        **kept,
        "STIGMER_HOME": str(home),
        **{name: str(value) for name, value in settings.items()},
    }


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "executions.cli", *arguments]


def free_ports(count: int) -> list[int]:
    """Ports of this machine that were free a moment ago."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


@contextmanager
def stigmer_up(home: Path, **settings: object) -> Iterator[LiveStigmer]:
    """Start it, wait until ``/readyz`` answers 200, and stop it at the end whatever happened."""
    port, demo_port = free_ports(2)
    settings = {
        "STIGMER_PORT": port,
        "STIGMER_DEMO": demo_port,
        "STIGMER_WORKERS": 1,
        **settings,
    }
    log = home.with_name(home.name + ".log")
    with server_logs.writing(log) as stream:
        process = subprocess.Popen(
            command("up"), cwd=ROOT, env=environment(home, **settings), stdout=stream, stderr=stream
        )
    live = LiveStigmer(
        f"http://localhost:{settings['STIGMER_PORT']}",
        f"http://127.0.0.1:{demo_port}",
        home,
        log,
        process,
    )
    try:
        until(
            lambda: process.poll() is not None or live.status("/readyz") == 200,
            what="stigmer up is ready",
            seconds=START_SECONDS,
        )
        assert process.poll() is None, (
            f"stigmer up ended with {process.returncode}:\n{live.written()}"
        )
        yield live
    finally:
        try:
            live.stop()
        except subprocess.TimeoutExpired:
            kill(live.everything())
            process.wait()
