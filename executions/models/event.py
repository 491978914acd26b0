"""News of an execution that people must not miss, append-only."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from executions.journal.events import EventName
from executions.models.fields import JsonField

# A run failed, or what was to mend it did.
FAILURES = (EventName.STEP_FAILED.value, EventName.RECOVERY_FAILED.value)


class Event(models.Model):
    """Numbered by the execution's counter, so that steps and events share one order.

    ``sent_at`` is empty where a person still has to be told: the outbox that the sweep looks
    through.
    """

    id = models.BigAutoField(primary_key=True)
    execution = models.ForeignKey(
        "executions.Execution", on_delete=models.CASCADE, related_name="events"
    )
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
        indexes = (
            models.Index(fields=["created_at"], condition=Q(sent_at=None), name="event_unsent"),
            # Few of many: how many there were in an hour is counted from here.
            models.Index(
                fields=["created_at"], condition=Q(name__in=FAILURES), name="event_failures"
            ),
            # These are seldom, and /metrics counts them.
            models.Index(
                fields=["name", "execution"],
                condition=Q(name__in=[EventName.FOUND_LOST.value, EventName.RECOVERED.value]),
                name="event_seldom",
            ),
        )

    def __str__(self) -> str:
        return f"{self.seq} {self.name}"
