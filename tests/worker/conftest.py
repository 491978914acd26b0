"""Real worker processes on the test's own database and Redis, started and ended by their ids."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection

from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Execution, Process
from tests import server_logs
from tests.settings import TEST_DATABASE, TEST_FOLDER
from tests.waiting import PATIENCE_SECONDS, START_SECONDS, until
from tests.worker.server import GatedServer

ROOT = Path(__file__).resolve().parents[2]
HEAD = "document: {dsl: '1.0.0', namespace: tests, name: %s, version: '1.0.0'}\n"
QUICK = {
    "STIGMER_PROCESS_SILENCE_SECONDS": 3,
    "STIGMER_HEARTBEAT_SECONDS": 0.3,
    "STIGMER_SWEEP_SECONDS": 0.3,
    "STIGMER_RING_AGAIN_SECONDS": 0.5,
    "executions.calls.kind.CALL_RETRY_DELAYS": [0, 0, 0],
}
NOTHING: Mapping[str, Any] = {}
Start = Callable[..., subprocess.Popen[bytes]]


def database_url() -> str:
    name = connection.settings_dict["NAME"]
    if TEST_DATABASE == "postgres":
        return f"postgresql://postgres@/{name}?host={TEST_FOLDER / 'postgres'}"
    return f"sqlite:///{name}"


def worker_environment(home: Path, turned: Mapping[str, Any] = NOTHING) -> dict[str, str]:
    """The environment of these tests' workers: the test's own database and Redis, quick patience.

    ``turned`` are settings and constants as ``tests.turned`` has them.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("STIGMER_", "DJANGO_"))
    }
    return {
        **kept,
        "STIGMER_TEST_TURNED": json.dumps({**QUICK, **turned}),
        "DJANGO_SETTINGS_MODULE": "tests.turned",
        "DATABASE_URL": database_url(),
        "REDIS_URL": settings.REDIS_URL,
        "STIGMER_HOME": str(home),
        "STIGMER_FUNCTION_MODULES": "tests.driving.functions",
        "STIGMER_HTTP_ALLOWED_HOSTS": "127.0.0.1",
        "PYTHONPATH": str(ROOT),
    }


@pytest.fixture(autouse=True)
def functions_of_the_tests(settings: Any) -> None:
    settings.STIGMER_FUNCTION_MODULES = ["tests.driving.functions"]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """What the workers of this test write."""
    return tmp_path / "workers.log"


@pytest.fixture
def worker(
    transactional_db: None, tmp_path: Path, log: Path, redis_client: redis.Redis
) -> Iterator[Start]:
    """``worker()`` starts one and waits until it listens; ``worker(STIGMER_SLOTS=1)`` with other
    settings, ``inside`` what another command makes for it.
    """
    started: list[subprocess.Popen[bytes]] = []

    def start_one(
        *, inside: Sequence[str] = (), turned: Mapping[str, Any] = NOTHING, **environment: object
    ) -> subprocess.Popen[bytes]:
        own = worker_environment(tmp_path / "home", turned)
        own |= {name: str(value) for name, value in environment.items()}
        known = list(Process.objects.values_list("pk", flat=True))
        with server_logs.writing(log) as stream:
            command = [*inside, sys.executable, "-m", "executions.cli", "worker"]
            process = subprocess.Popen(command, cwd=ROOT, env=own, stdout=stream, stderr=stream)
        started.append(process)
        # Inside a container it has another pid than out here.
        signed_on = (
            Process.objects.exclude(pk__in=known)
            if inside
            else Process.objects.filter(pid=process.pid)
        )
        alive = signed_on.filter(dead_at=None)
        until(
            lambda: alive.exists() or process.poll() is not None,
            what="the worker has signed on",
            seconds=START_SECONDS,
        )
        assert process.poll() is None, log.read_text()
        return process

    yield start_one
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()
    connection.close()


@pytest.fixture
def gated() -> Iterator[GatedServer]:
    with GatedServer() as server:
        yield server


@pytest.fixture
def alice(transactional_db: None) -> User:
    return User.objects.create_user("alice")


@pytest.fixture
def begin(alice: User) -> Callable[..., Execution]:
    """``begin(tasks)``: apply the tasks as a workflow and start it."""

    def begun(tasks: str, input: Any = None, name: str = "one") -> Execution:
        return start(
            apply_definition(HEAD % name + tasks, alice).workflow, alice, input=input or {}
        )

    return begun


@pytest.fixture
def ends() -> Callable[..., Execution]:
    """``ends(execution)``: wait until it stands in this phase (COMPLETED)."""

    def ended(
        execution: Execution, phase: str = "COMPLETED", seconds: float = PATIENCE_SECONDS
    ) -> Execution:
        def look() -> Execution | None:
            seen = Execution.objects.get(pk=execution.pk)
            return seen if seen.phase == phase else None

        found = until(look, what=f"{execution.slug} is {phase}", seconds=seconds)
        assert found is not None
        return found

    return ended
