"""Values that are too large for a step: once in a run, by digest. They go with the run."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from executions.models.fields import JsonField


class StoredValue(models.Model):
    """``digest`` is the SHA-256 of the JSON text of ``content`` in hex."""

    id = models.BigAutoField(primary_key=True)
    execution = models.ForeignKey(
        "executions.Execution", on_delete=models.CASCADE, related_name="stored_values"
    )
    digest = models.CharField(max_length=64)
    bytes = models.PositiveIntegerField()
    content = JsonField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["execution", "digest"], name="stored_value_once"),
        )

    def __str__(self) -> str:
        return self.digest
