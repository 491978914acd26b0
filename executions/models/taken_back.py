"""An approval for the rest of a run that a person has taken back."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class TakenBack(models.Model):
    """An approval of this ``tool`` before ``at`` counts no more."""

    id = models.BigAutoField(primary_key=True)
    execution = models.ForeignKey(
        "executions.Execution", on_delete=models.CASCADE, related_name="taken_back"
    )
    tool = models.CharField(max_length=64)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.tool} at {self.at}"
