"""The page at which an event is looked at."""

from __future__ import annotations

from django.urls import reverse

from executions.models import Event


def href(event: Event, may_see: bool) -> str:
    """The run's page; the question's own page for whoever may not see the run."""
    if may_see:
        return reverse("execution", args=[event.execution.public_id])
    payload = event.payload if isinstance(event.payload, dict) else {}
    if payload.get("ask"):
        return reverse("approval", args=[payload["ask"]])
    return reverse("approvals")
