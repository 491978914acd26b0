"""The words of a person to an agent's run while it works."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from executions.ids import public_id, uuid7


class QueuedMessage(models.Model):
    """It waits for the next turn, whose step holds it from then on."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    execution = models.ForeignKey(
        "executions.Execution", on_delete=models.CASCADE, related_name="queued_messages"
    )
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    text = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return public_id("msg", self.pk)
