"""The row about `stigmer up`: how soon it is ready, and what it takes while nobody asks for
anything.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import psutil

from benchmarks.measured import seconds_of
from benchmarks.surroundings import ROOT
from tests.live import command, environment, free_ports

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.rows import Bench, Figures

SETTLE_SECONDS, IDLE_SECONDS, READY_SECONDS, STOP_SECONDS = 8, 20, 60, 60
MIB = 1024 * 1024


def idle_up(bench: Bench) -> Figures:
    """The second start in the same folder, as the first one makes the database."""
    home = bench.folder / "up"
    with _up(home) as (_, cold):
        pass
    with _up(home) as (process, warm):
        time.sleep(SETTLE_SECONDS)
        used, began = seconds_of([process]), time.monotonic()
        time.sleep(IDLE_SECONDS)
        used, lasted = seconds_of([process]) - used, time.monotonic() - began
        everything = [process, *process.children(recursive=True)]
        shares = [each.memory_full_info().pss for each in everything]
    return {
        "ready_first_s": round(cold, 2),
        "ready_warm_s": round(warm, 2),
        "processes": len(shares),
        "memory_mib": round(sum(shares) / MIB),
        "cpu_percent_of_a_core": round(used / lasted * 100, 2),
    }


@contextmanager
def _up(home: Path) -> Iterator[tuple[psutil.Process, float]]:
    """It runs with defaults and without the demo shop; how long it took to say that it is ready."""
    (port,) = free_ports(1)
    settings = environment(home, STIGMER_PORT=port, STIGMER_DEMO="false")
    # An installed package has its bytecode: no start compiles it again.
    settings.pop("PYTHONDONTWRITEBYTECODE", None)
    began = time.monotonic()
    running = subprocess.Popen(
        command("up"),
        cwd=ROOT,
        env=settings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _ready(port):
            assert time.monotonic() - began < READY_SECONDS, "it did not become ready"
            time.sleep(0.02)
        yield psutil.Process(running.pid), time.monotonic() - began
    finally:
        running.terminate()
        running.wait(STOP_SECONDS)


def _ready(port: int) -> bool:
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False, timeout=5)
    except httpx.TransportError:
        return False
    return answer.status_code == 200
