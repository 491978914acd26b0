"""An event that came from outside, was emitted by a run, or is a signal to one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Count, Q
from django.db.models.functions import Now

from executions.correlation.envelope import Envelope
from executions.ids import public_id, uuid7
from executions.models.fields import JsonField

if TYPE_CHECKING:
    from executions.models.execution import Execution

# So long an event is kept for a listener that comes later.
KEPT = timedelta(hours=24)
# So long an event of the same source and id is known to be the same.
KNOWN = timedelta(days=7)


class CloudEventQuerySet(models.QuerySet["CloudEvent"]):
    def to_be_matched(self) -> CloudEventQuerySet:
        """Nobody has looked yet who listens to it."""
        return self.filter(matched_at=None)

    def heard_by(self, execution: Execution) -> CloudEventQuerySet:
        """The events that a run may hear: its owner's, of them the signals to itself alone."""
        own = Q(execution=None) | Q(execution=execution.pk)
        return self.filter(own, owner=execution.owner_id, body__isnull=False)

    def counting_who_heard(self) -> CloudEventQuerySet:
        """With ``times_heard``: how many steps took it."""
        taken = Count("deliveries", filter=Q(deliveries__consumed_at__isnull=False))
        return self.select_related("owner").annotate(times_heard=taken)

    def kept(self) -> CloudEventQuerySet:
        """Offered to listeners that begin now."""
        return self.filter(received_at__gt=Now() - KEPT)


class CloudEvent(models.Model):
    """``body`` is the event in the JSON format of CloudEvents; empty once it is kept only to know
    its duplicates. ``type``, ``source`` and ``event_id`` stand in it as well: they are looked for.

    ``owner`` is whose runs may hear it. With ``execution`` it is a signal, which that run alone may
    hear.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="cloud_events"
    )
    execution = models.ForeignKey(
        "executions.Execution",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="signals",
    )
    type = models.CharField(max_length=255)
    source = models.CharField(max_length=500)
    event_id = models.CharField(max_length=255)
    body = JsonField(null=True, blank=True)
    received_at = models.DateTimeField(db_default=Now())
    matched_at = models.DateTimeField(null=True, blank=True)

    objects = CloudEventQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=["owner", "source", "event_id"], name="cloud_event_once"
            ),
        )
        indexes = (
            models.Index(fields=["id"], condition=Q(matched_at=None), name="cloud_event_unmatched"),
            models.Index(fields=["owner", "type", "id"], name="cloud_event_by_type"),
            models.Index(fields=["received_at"], name="cloud_event_by_age"),
        )

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"

    @property
    def heard(self) -> int:
        """How many steps took it, where its rows were counted."""
        return int(getattr(self, "times_heard", 0))

    @property
    def public_id(self) -> str:
        return public_id("evt", self.pk)

    @property
    def envelope(self) -> Envelope:
        """The event; raises where it is kept no longer."""
        assert isinstance(self.body, dict)
        return self.body
