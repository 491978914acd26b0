"""What people must not miss about an execution, append-only."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from executions.models.fields import JsonField


class Event(models.Model):
    """Numbered by the execution's counter, so that steps and events share one order."""

    id = models.BigAutoField(primary_key=True)
    execution = models.ForeignKey("executions.Execution", on_delete=models.CASCADE, related_name="events")
    seq = models.BigIntegerField()
    name = models.CharField(max_length=60)
    payload = JsonField(default=dict)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("execution", "seq")
        constraints = (models.UniqueConstraint(fields=["execution", "seq"], name="event_seq_once"),)

    def __str__(self) -> str:
        return f"{self.seq} {self.name}"
