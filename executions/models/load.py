"""The load of the workers in one minute, kept for a day."""

from __future__ import annotations

from datetime import timedelta

from django.db import models

from executions.models.fields import JsonField

KEPT = timedelta(days=1)


class Load(models.Model):
    """``held`` of ``slots`` were taken as the minute ``at`` was looked at; ``waiting`` runs were
    due, counted up to a limit, the oldest for ``oldest_seconds``.

    ``of_workers`` holds how many each drove, by the worker's id.
    """

    at = models.DateTimeField(primary_key=True)
    slots = models.PositiveIntegerField()
    held = models.PositiveIntegerField()
    waiting = models.PositiveIntegerField()
    oldest_seconds = models.FloatField()
    of_workers = JsonField(default=dict)

    class Meta:
        ordering = ("at",)

    def __str__(self) -> str:
        return f"{self.held} of {self.slots} at {self.at:%H:%M}"
