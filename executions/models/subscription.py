"""The subscription of an open step."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from executions.models.fields import JsonField


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def open(self) -> SubscriptionQuerySet:
        """Of steps that still listen."""
        return self.filter(step__finished_at=None, step__superseded_by=None)


class Subscription(models.Model):
    """One filter of a step that listens, written before the step looks for what came earlier.

    An event is asked once per ``shape``; ``expects`` finds the listeners that it fits
    (:mod:`executions.correlation.filters`). ``number`` counts the filters of the step.
    """

    id = models.BigAutoField(primary_key=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    execution = models.ForeignKey(
        "executions.Execution", on_delete=models.CASCADE, related_name="subscriptions"
    )
    step = models.ForeignKey(
        "executions.Step", on_delete=models.CASCADE, related_name="subscriptions"
    )
    number = models.PositiveSmallIntegerField()
    # Empty: events of any type.
    type = models.CharField(max_length=255, blank=True, default="")
    shape = models.CharField(max_length=64)
    expects = models.CharField(max_length=64)
    filter = JsonField()
    created_at = models.DateTimeField(db_default=Now())

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        ordering = ("step", "number")
        constraints = (
            models.UniqueConstraint(fields=["step", "number"], name="subscription_number_once"),
        )
        indexes = (
            models.Index(
                fields=["owner", "type", "shape", "expects"], name="subscription_by_filter"
            ),
        )

    def __str__(self) -> str:
        return self.type or "any event"
