"""A file that a run has left: kept once by its digest (executions.blobs), known by its name."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from executions.ids import public_id, uuid7

PATCH = "changes.patch"


class Artifact(models.Model):
    """Of one name a run has one: the newest. ``path`` is the step that left it, empty for what was
    made of the workspace at the end.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    execution = models.ForeignKey(
        "executions.Execution", on_delete=models.CASCADE, related_name="artifacts"
    )
    path = models.TextField(blank=True, default="")
    name = models.CharField(max_length=300)
    digest = models.CharField(max_length=64, db_index=True)
    size = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(fields=["execution", "name"], name="artifact_name_once"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return public_id("art", self.pk)
