"""Running the examples: the real shop over HTTP, the real functions in child processes, the real
driver.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.contrib.auth.models import User

from executions.calls.http import loop
from executions.calls.python import step as python
from executions.cli import examples
from executions.demo.server import ShopServer
from executions.driving.attempts.running import Running
from executions.driving.driver import advance
from executions.driving.store import Here
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Execution, Process
from executions.states import Phase
from executions.worker.children import use_children
from tests.waiting import until

Run = Callable[..., Execution]
Drive = Callable[[Execution], Execution]
AT_REST = {Phase.COMPLETED, Phase.FAILED, Phase.CANCELLED, Phase.TERMINATED, Phase.PAUSED}


@pytest.fixture
def ann(db: None) -> User:
    return User.objects.create_user("ann", is_superuser=True, is_staff=True)


@pytest.fixture
def home(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder of the test's own, known to the child processes as well."""
    settings.STIGMER_HOME = tmp_path
    settings.STIGMER_FUNCTION_MODULES = ["executions.demo.imports"]
    settings.STIGMER_FUNCTION_PROCESSES = 1
    monkeypatch.setenv("STIGMER_HOME", str(tmp_path))
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    use_children()
    yield tmp_path
    python.close()


@pytest.fixture
def shop(home: Path, settings: Any) -> Iterator[httpx.Client]:
    """A client of the running shop; the examples call the same address."""
    with ShopServer("127.0.0.1", 0, home / "demo") as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        settings.STIGMER_DEMO_PORT = server.port
        settings.STIGMER_HTTP_ALLOWED_HOSTS = [f"127.0.0.1:{server.port}"]
        with httpx.Client(base_url=server.address, timeout=60, trust_env=False) as client:
            yield client
        loop.close()
        server.stop()
        thread.join()


@pytest.fixture
def drive(db: None) -> Drive:
    """Drive until it comes to rest, waits between attempts included."""
    process = Process.objects.create(kind="worker", host="test", pid=1, slots=1)

    def driven(execution: Execution) -> Execution:
        def rested() -> Execution | None:
            advance(execution.pk, process_id=process.pk, store=Here(), running=Running())
            current = Execution.objects.get(pk=execution.pk)
            return current if current.phase in AT_REST else None

        found = until(rested, what="the execution comes to rest")
        assert found is not None
        return found

    return driven


@pytest.fixture
def run(ann: User, home: Path, drive: Drive) -> Run:
    """``run("triage", {…})``: apply the example as it is shipped, its back-off apart, start it,
    drive it.
    """

    def ran(name: str, input: Any = None) -> Execution:
        examples.provide_files(home / "imports")
        hurried = re.sub(
            r"\bdelay: \{\w+: \d+\}", "delay: {milliseconds: 5}", examples.texts()[name]
        )
        hurried = re.sub(r"jitter: \{.*?\}\}", "jitter: {from: PT0S, to: PT0S}", hurried)
        applied = apply_definition(hurried, ann)
        return drive(start(applied.workflow, ann, input={} if input is None else input))

    return ran


def break_it(shop: httpx.Client, operation: str, fault: str | None, **more: Any) -> None:
    shop.post("/control", json={"operation": operation, "fault": fault, **more}).raise_for_status()
