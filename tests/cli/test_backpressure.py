"""A client that stops reading, before a real Daphne: no memory, others are served, it gets the rest
or is dropped.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests import server_logs
from tests.cli.flooding import CHUNK, CHUNKS
from tests.live import ROOT, free_ports
from tests.waiting import START_SECONDS, until

pytestmark = pytest.mark.processes
ALL_BYTES = len(CHUNK) * CHUNKS


class Flooding:
    """The server process and what it says of itself."""

    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self.port, self.process = port, psutil.Process(process.pid)

    def told(self) -> tuple[int, int]:
        """Chunks sent, streams open."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/sent", timeout=60) as answer:
                sent, streams = map(int, answer.read().split())
        except OSError:
            return -1, -1
        return sent, streams

    def rests_at(self) -> int:
        """How many chunks it sent once it sends no more."""
        seen = [-1]

        def rests() -> bool:
            seen.append(self.told()[0])
            return len(seen) > 20 and len(set(seen[-20:])) == 1

        until(rests, what="the flood rests")
        return seen[-1]

    def memory(self) -> int:
        return self.process.memory_info().rss

    @contextmanager
    def reader(self) -> Iterator[socket.socket]:
        """A connection that asked for the flood, and reads what it is told to read."""
        with socket.create_connection(("127.0.0.1", self.port)) as opened:
            opened.sendall(b"GET /flood HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            opened.settimeout(30)
            yield opened


@pytest.fixture
def flooding(tmp_path: Path) -> Iterator[Callable[[float], Flooding]]:
    started: list[subprocess.Popen[bytes]] = []

    def start(stalled_seconds: float) -> Flooding:
        (port,) = free_ports(1)
        with server_logs.writing(tmp_path / "log") as log:
            command = [sys.executable, "-m", "tests.cli.flooding", str(port), str(stalled_seconds)]
            started.append(subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log))
        server = Flooding(port, started[-1])
        until(lambda: server.told()[0] == 0, what="the server listens", seconds=START_SECONDS)
        return server

    yield start
    for process in started:
        process.terminate()
        process.wait(30)


def read_all(opened: socket.socket) -> int:
    total = 0
    while part := opened.recv(1 << 20):
        total += len(part)
    return total


def test_who_stops_reading_costs_no_memory_and_gets_everything_when_it_reads_again(flooding):
    server = flooding(60)
    before = server.memory()
    with server.reader() as slow:
        until(lambda: server.told()[0] > 0, what="the flood begins")
        assert server.rests_at() < CHUNKS / 4
        assert server.memory() - before < ALL_BYTES / 8
        with server.reader() as quick:
            assert read_all(quick) > ALL_BYTES, "another one is served meanwhile"
        assert server.told()[1] == 1
        assert read_all(slow) > ALL_BYTES
    assert server.memory() - before < ALL_BYTES / 8


def test_who_reads_nothing_for_too_long_is_disconnected_and_the_application_told(flooding):
    server = flooding(0.5)
    with server.reader() as slow:
        until(lambda: server.told()[0] > 0, what="the flood begins")
        until(lambda: server.told()[1] == 0, what="the application hears that the client is gone")
        read = 0
        with contextlib.suppress(ConnectionResetError):
            read = read_all(slow)
        assert read < ALL_BYTES / 4
