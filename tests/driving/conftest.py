"""Driving executions inside the test's own process and thread, on its real database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from executions import clock
from executions.driving.attempts.running import Running
from executions.driving.driver import advance
from executions.driving.store import Here
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Execution, Process
from tests.calls.http.faults import FaultServer

# The fixtures, for rooms whose tests drive executions too.
__all__ = [
    "alice",
    "begin",
    "bob",
    "drive",
    "known_functions",
    "later",
    "ledger",
    "process",
    "server",
]
HEAD = "document: {dsl: '1.0.0', namespace: tests, name: %s, version: '1.0.0'}\n"


@pytest.fixture(autouse=True)
def known_functions(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.STIGMER_FUNCTION_MODULES = ["tests.driving.functions"]
    settings.STIGMER_HTTP_ALLOWED_HOSTS = ["127.0.0.1"]
    monkeypatch.setattr("executions.calls.kind.CALL_RETRY_DELAYS", [0.0, 0.0, 0.0])


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice", "alice@example.org", "secret-alice")


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob", "bob@example.org", "secret-bob")


@pytest.fixture
def process(db: None) -> Process:
    return new_process()


def new_process() -> Process:
    return Process.objects.create(kind="worker", host="test", pid=1, slots=1)


@pytest.fixture
def begin(alice: User) -> Callable[..., Execution]:
    """``begin(tasks, input)``: apply the tasks as a workflow and start it."""

    def begun(tasks: str, input: Any = None, name: str = "one", owner: User = alice) -> Execution:
        applied = apply_definition(HEAD % name + tasks, owner)
        return start(applied.workflow, owner, input={} if input is None else input)

    return begun


@pytest.fixture
def drive(process: Process) -> Callable[[Execution], Execution]:
    """Drive as far as it goes: again and again while it is due."""

    def driven(execution: Execution) -> Execution:
        running = Running()
        while advance(execution.pk, process_id=process.pk, store=Here(), running=running):
            pass
        execution = Execution.objects.get(pk=execution.pk)
        return execution

    return driven


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """``later(60)``: a minute has passed."""
    real, passed = clock.now, [timedelta()]

    def go(seconds: float) -> None:
        passed[0] += timedelta(seconds=seconds)

    monkeypatch.setattr(clock, "now", lambda: real() + passed[0])
    return go


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


@dataclass(slots=True)
class Ledger:
    """What was really done, line by line."""

    path: Path

    def lines(self) -> list[str]:
        return self.path.read_text().splitlines() if self.path.exists() else []

    def done(self) -> list[str]:
        return [line.split(" ")[0] for line in self.lines()]

    def keys(self) -> list[str]:
        return [line.split(" ")[1] for line in self.lines()]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger")
