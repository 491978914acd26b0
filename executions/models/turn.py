"""The turn of a process at what only one may do at a time: the sweep, a link of the audit chain."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class TurnQuerySet(models.QuerySet["Turn"]):
    def locked(self, name: str) -> Turn:
        """The row of this name under its lock, until the surrounding transaction ends."""
        self.get_or_create(name=name)
        return self.select_for_update().get(name=name)


class Turn(models.Model):
    """One row per thing.

    ``value`` is what the last one left for the next, for example the last hash of a chain.
    """

    name = models.CharField(max_length=40, primary_key=True)
    holder = models.ForeignKey(
        "executions.Process", on_delete=models.SET_NULL, null=True, blank=True, related_name="turns"
    )
    until_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    value = models.TextField(blank=True, default="")

    objects = TurnQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @classmethod
    def take(cls, name: str, holder_id: object, seconds: float, *, rest: float = 0.0) -> bool:
        """Take the turn for so long, if nobody else has it; its holder keeps it. Nobody takes it
        within ``rest`` seconds after it was done.
        """
        cls.objects.get_or_create(name=name)
        free = Q(until_at=None) | Q(until_at__lte=Now()) | Q(holder=None) | Q(holder_id=holder_id)
        free |= Q(holder__dead_at__isnull=False)
        # Its host may be gone in the middle of it; who only seems so does it a second time, which
        # has to be harmless.
        silence = timedelta(seconds=settings.STIGMER_PROCESS_SILENCE_SECONDS)
        free |= Q(holder__heartbeat_at__lte=Now() - silence)
        until = Now() + timedelta(seconds=seconds)
        rows = cls.objects.filter(free, pk=name)
        if rest:
            rows = rows.exclude(done_at__gt=Now() - timedelta(seconds=rest))
        return bool(rows.update(holder_id=holder_id, until_at=until))

    @classmethod
    def done(cls, name: str, holder_id: object) -> None:
        """Say that it was done just now; the turn is free again."""
        cls.objects.filter(pk=name, holder_id=holder_id).update(until_at=None, done_at=Now())
