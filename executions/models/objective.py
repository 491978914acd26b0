"""The objective of a workflow: how many of its runs are to complete, and how fast."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Objective(models.Model):
    """``success_percent`` of the runs complete; ``within_percent`` of those that complete do so
    within ``within_seconds``. One of the two may be left out.
    """

    workflow = models.OneToOneField(
        "executions.Workflow", on_delete=models.CASCADE, primary_key=True, related_name="objective"
    )
    success_percent = models.FloatField(null=True, blank=True)
    within_seconds = models.PositiveIntegerField(null=True, blank=True)
    within_percent = models.FloatField(null=True, blank=True)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    set_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(success_percent__isnull=False) | Q(within_seconds__isnull=False),
                name="objective_of_something",
            ),
            models.CheckConstraint(
                condition=Q(within_seconds=None, within_percent=None)
                | Q(within_seconds__isnull=False, within_percent__isnull=False),
                name="objective_within_whole",
            ),
        )

    def __str__(self) -> str:
        return f"Objective of {self.workflow_id}"

    def told(self) -> dict[str, Any]:
        """Its targets, for the audit trail."""
        return {
            "success_percent": self.success_percent,
            "within_seconds": self.within_seconds,
            "within_percent": self.within_percent,
        }
