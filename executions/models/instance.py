"""One configured deployment of a workflow."""

from __future__ import annotations

from django.db import models

from executions.ids import public_id, uuid7
from executions.models.fields import JsonField


class WorkflowInstance(models.Model):
    """Every workflow has `{slug}-default`; others carry their own default input."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workflow = models.ForeignKey("executions.Workflow", on_delete=models.CASCADE, related_name="instances")
    slug = models.CharField(max_length=320)
    description = models.TextField(blank=True, default="")
    default_input = JsonField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("workflow", "slug")
        constraints = (models.UniqueConstraint(fields=["workflow", "slug"], name="instance_slug_in_workflow"),)

    def __str__(self) -> str:
        return self.slug

    @property
    def public_id(self) -> str:
        return public_id("win", self.pk)
