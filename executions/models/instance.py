"""One configured deployment of a workflow."""

from __future__ import annotations

from django.db import models

from executions.ids import public_id
from executions.models.resource import Instance


class WorkflowInstance(Instance):
    """Every workflow has `{slug}-default`; others carry their own default input."""

    workflow = models.ForeignKey(
        "executions.Workflow", on_delete=models.CASCADE, related_name="instances"
    )

    class Meta:
        ordering = ("workflow", "slug")
        constraints = (
            models.UniqueConstraint(fields=["workflow", "slug"], name="instance_slug_in_workflow"),
        )

    @property
    def public_id(self) -> str:
        return public_id("win", self.pk)
