"""One immutable text of a workflow."""

from __future__ import annotations

from django.db import models

from executions.ids import public_id
from executions.models.resource import Version


class WorkflowVersion(Version):
    """An execution points at one and stays on it."""

    workflow = models.ForeignKey(
        "executions.Workflow", on_delete=models.CASCADE, related_name="versions"
    )

    class Meta:
        ordering = ("workflow", "-number")
        constraints = (
            models.UniqueConstraint(fields=["workflow", "number"], name="version_number_once"),
        )

    def __str__(self) -> str:
        return f"{self.workflow} v{self.number}"

    @property
    def public_id(self) -> str:
        return public_id("ver", self.pk)
