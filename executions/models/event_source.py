"""A source that sends signed webhooks."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from executions.ids import public_id, uuid7


class EventSource(models.Model):
    """Its events are events of its owner.

    No secret is kept: it is derived from the key of the site, the row and ``generation``, which a
    rotation raises (:mod:`executions.inbound.signing`).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="event_sources"
    )
    name = models.CharField(max_length=100)
    # The type of an event whose body says none.
    event_type = models.CharField(max_length=255, default="webhook")
    generation = models.PositiveIntegerField(default=1)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now())
    heard_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=["owner", "name"], name="event_source_name_once"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return public_id("src", self.pk)
