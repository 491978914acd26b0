"""The people and the service of the scenarios."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from executions.driving.attempts.running import Running
from executions.driving.store import Here
from executions.models import Execution, Process
from executions.policy import SUPPORT_GROUP
from tests.drives import drive_once
from tests.features.service import Service
from tests.people import in_group


@pytest.fixture
def service() -> Iterator[Service]:
    running = Service()
    yield running
    running.close()


@pytest.fixture
def sarah(db: None) -> User:
    return User.objects.create_user("sarah")


@pytest.fixture
def support(db: None) -> User:
    user = User.objects.create_user("sam")
    return in_group(user, SUPPORT_GROUP)


@pytest.fixture
def drive(
    db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Execution], Execution]:
    """The engine's own driver, again and again while the execution is due; back-off takes no
    time.
    """
    settings.STIGMER_HTTP_ALLOWED_HOSTS = ["127.0.0.1"]
    monkeypatch.setattr("executions.calls.kind.CALL_RETRY_DELAYS", [0.0, 0.0, 0.0])
    process = Process.objects.create(kind="worker", host="test", pid=1, slots=1)

    def driven(execution: Execution) -> Execution:
        while drive_once(execution.pk, process_id=process.pk, store=Here(), running=Running()):
            pass
        return Execution.objects.get(pk=execution.pk)

    return driven


@pytest.fixture
def seen() -> dict[str, Any]:
    """What one step of a scenario leaves for the next."""
    return {}
