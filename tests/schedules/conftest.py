"""People, workflows, and schedules whose times come when a test says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from executions import clock
from executions.intake.apply import apply_definition
from executions.models import Schedule
from executions.schedules.changing import Wanted, create
from tests.dashboard.conftest import (
    HEAD,
    WORKS,
    admin,
    alice,
    as_,
    begin,
    bob,
    drive,
    process,
    support,
    viewer,
    worker,
)

__all__ = [
    "admin",
    "alice",
    "as_",
    "begin",
    "bob",
    "drive",
    "process",
    "support",
    "viewer",
    "worker",
]
Make = Callable[..., Schedule]


@pytest.fixture
def make(alice: User) -> Make:
    """``make(cron="0 3 * * *")`` is a schedule of alice's for a workflow that works."""

    def made(owner: User = alice, tasks: str = WORKS, **wanted: Any) -> Schedule:
        name = f"{wanted.get('name', 'nightly')}-{owner.username}"
        if "agent" not in wanted:
            workflow = apply_definition(HEAD % name + tasks, owner).workflow
            wanted.setdefault("workflow", workflow.slug)
        if "every" not in wanted:
            wanted.setdefault("cron", "0 3 * * *")
        return create(owner, Wanted(**{"name": "nightly", **wanted}))

    return made


def due(schedule: Schedule, at: datetime | None = None) -> Schedule:
    """Its next time has come: just now, or at this moment."""
    at = at or clock.now() - timedelta(seconds=1)
    Schedule.objects.filter(pk=schedule.pk).update(
        next_due_at=at, anchor_at=at - timedelta(days=30)
    )
    schedule.refresh_from_db()
    return schedule
