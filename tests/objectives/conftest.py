"""A workflow, and runs of it that ended at moments that a test names."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from executions import clock
from executions.ids import least_uuid7
from executions.models import Execution, Workflow
from tests.dashboard.conftest import admin, alice, as_, bob, viewer, workflow

__all__ = ["admin", "alice", "as_", "bob", "viewer", "workflow"]
Ran = Callable[..., Execution]


@pytest.fixture
def ran(workflow: Workflow, alice: User) -> Ran:
    """``ran("COMPLETED", seconds=3, days=2)``: a run made two days ago that took three seconds."""

    def made(phase: str = "COMPLETED", seconds: int = 1, days: int = 0) -> Execution:
        at = clock.now() - timedelta(days=days)
        noise = uuid.uuid4().int & (1 << 62) - 1
        key = uuid.UUID(int=least_uuid7(at).int | noise)
        return Execution.objects.create(
            id=key,
            name="works",
            slug=key.hex,
            workflow=workflow,
            version=workflow.head_version,
            owner=alice,
            phase=phase,
            correlation_id=key.hex,
            created_at=at,
            started_at=at,
            ended_at=at + timedelta(seconds=seconds),
        )

    return made
