"""Driving executions inside the test's own process and thread, on its real database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from executions.engine.driver import advance
from executions.engine.running import Running
from executions.engine.store import Here
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Execution, Process

HEAD = "document: {dsl: '1.0.0', namespace: tests, name: %s, version: '1.0.0'}\n"


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice", "alice@example.org", "secret-alice")


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob", "bob@example.org", "secret-bob")


@pytest.fixture
def process(db: None) -> Process:
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
