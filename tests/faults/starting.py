"""An execution for a test of this room."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Execution

HEAD = "document: {dsl: '1.0.0', namespace: faults, name: one, version: '1.0.0'}\n"


def started(tasks: str, input: Any = None) -> Execution:
    """The tasks as a workflow of ann's, started and not driven yet."""
    ann, _ = User.objects.get_or_create(username="ann", defaults={"is_superuser": True})
    return start(
        apply_definition(HEAD + tasks, ann).workflow, ann, input={} if input is None else input
    )
