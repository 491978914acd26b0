"""An event that was offered to a step that listens, and whether the step took it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from executions.models.fields import JsonField


class Delivery(models.Model):
    """Unique for an event and a step, so that a step hears an event once.

    ``fits`` names the filters that the event fits, each with the values that bind the events that
    follow. ``consumed_at`` is written with what the step made of it.
    """

    id = models.BigAutoField(primary_key=True)
    event = models.ForeignKey(
        "executions.CloudEvent", on_delete=models.CASCADE, related_name="deliveries"
    )
    step = models.ForeignKey("executions.Step", on_delete=models.CASCADE, related_name="deliveries")
    fits = JsonField(default=dict)
    offered_at = models.DateTimeField(db_default=Now())
    consumed_at = models.DateTimeField(null=True, blank=True)
    # The step looked at it and it was not for it.
    passed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ("event_id",)
        constraints = (
            models.UniqueConstraint(fields=["event", "step"], name="delivery_event_step_once"),
        )
        indexes = (
            models.Index(
                fields=["step", "event"],
                condition=Q(consumed_at=None, passed_at=None),
                name="delivery_waiting",
            ),
        )

    def __str__(self) -> str:
        return f"{self.event_id} to {self.step_id}"
