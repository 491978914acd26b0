"""A server to measure: an empty data folder, Redis, the database that was asked for, worker
processes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.live import free_ports
from tests.services import postgres_server, redis_server

ROOT = Path(__file__).resolve().parents[1]
STOP_SECONDS = 30


@contextmanager
def surroundings(database: str) -> Iterator[Path]:
    """The services run and the environment names them; settings may be loaded inside.

    Gives the data folder.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="stigmer-bench-")))
        stack.enter_context(redis_server(folder, folder / "redis.sock"))
        address = ""
        if database == "postgres":
            address = stack.enter_context(postgres_server(folder / "postgres"))
        for name in [name for name in os.environ if name.startswith("STIGMER_")]:
            del os.environ[name]
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "stigmer_site.settings",
            "DATABASE_URL": address,
            "REDIS_URL": f"unix://{folder / 'redis.sock'}",
            "STIGMER_HOME": str(folder / "home"),
            "STIGMER_FUNCTION_MODULES": "benchmarks.functions",
            "STIGMER_LOG_LEVEL": "WARNING",
            "STIGMER_DEMO": "false",
            "STIGMER_PORT": str(free_ports(1)[0]),
            "PYTHONPATH": str(ROOT),
        }
        yield folder


@contextmanager
def workers(count: int) -> Iterator[list[int]]:
    """Worker processes as `stigmer worker` runs them; their process ids. They are stopped in
    order.
    """
    running = [
        subprocess.Popen([sys.executable, "-m", "executions.cli", "worker"], cwd=ROOT)
        for _ in range(count)
    ]
    try:
        yield [process.pid for process in running]
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(STOP_SECONDS)
