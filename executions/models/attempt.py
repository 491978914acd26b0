"""One try of a step."""

from __future__ import annotations

from django.db import models

from executions.models.fields import JsonField


class Attempt(models.Model):
    """Kept for every try that failed, and for the success that came after one.

    ``verdict`` is ``transient`` or ``permanent``, ``rule`` the rule that gave it, ``delay_seconds``
    the wait before the next try.
    """

    id = models.BigAutoField(primary_key=True)
    step = models.ForeignKey("executions.Step", on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField()
    outcome = models.CharField(max_length=12)
    error = JsonField(null=True, blank=True)
    verdict = models.CharField(max_length=10, blank=True, default="")
    rule = models.CharField(max_length=100, blank=True, default="")
    delay_seconds = models.FloatField(null=True, blank=True)
    process = models.ForeignKey(
        "executions.Process", on_delete=models.SET_NULL, null=True, blank=True
    )
    correlation_id = models.CharField(max_length=64, default="", blank=True)
    log = models.TextField(blank=True, default="")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()

    class Meta:
        ordering = ("step", "number")
        constraints = (
            models.UniqueConstraint(fields=["step", "number"], name="attempt_number_once"),
        )

    def __str__(self) -> str:
        return f"attempt {self.number}: {self.outcome}"
