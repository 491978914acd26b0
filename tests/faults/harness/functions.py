"""A function whose own writes commit with its step: exactly once, whatever is killed."""

from __future__ import annotations

from executions.steps.functions import FunctionContext, function


@function(name="faults.enrol", effect="transactional", isolation="thread")
def enrol(context: FunctionContext) -> str:
    """One row per call that stands; its name is the call's key."""
    from django.contrib.auth.models import Group

    Group.objects.create(name=context.idempotency_key[-150:])
    return "enrolled"
