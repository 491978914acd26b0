"""One immutable text of a workflow."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from executions.ids import public_id, uuid7
from executions.models.fields import JsonField


class WorkflowVersion(models.Model):
    """Number, source text and parsed document. Never changed after it is stored; an execution points at one."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workflow = models.ForeignKey("executions.Workflow", on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    source = models.TextField()
    document = JsonField()
    digest = models.CharField(max_length=64)
    warnings = JsonField(default=list, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("workflow", "-number")
        constraints = (models.UniqueConstraint(fields=["workflow", "number"], name="version_number_once"),)

    def __str__(self) -> str:
        return f"{self.workflow} v{self.number}"

    @property
    def public_id(self) -> str:
        return public_id("ver", self.pk)
