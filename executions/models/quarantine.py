"""Versions of workflows whose executions ended the process that drove them and nothing else."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class QuarantineQuerySet(models.QuerySet["Quarantine"]):
    def standing(self) -> QuarantineQuerySet:
        """Not over yet, by the database's clock."""
        return self.filter(until_at__gt=Now())


class Quarantine(models.Model):
    """Until ``until_at`` every execution of this version is driven by a process of its own.

    The next of a batch would otherwise end two shared processes, and what they drive, before it is
    known for what it is. The claim of an execution says whether one stands. Each further lonely
    crash begins the time anew; deleting the row ends it.
    """

    version = models.OneToOneField(
        "executions.WorkflowVersion",
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="quarantine",
    )
    since = models.DateTimeField(db_default=Now())
    until_at = models.DateTimeField()
    evidence = models.CharField(max_length=300)

    objects = QuarantineQuerySet.as_manager()

    class Meta:
        ordering = ("-until_at",)

    def __str__(self) -> str:
        return f"{self.version} is driven alone"

    @classmethod
    def begin(cls, version_id: uuid.UUID, seconds: float, evidence: str) -> bool:
        """Begin or prolong it. True where it did not stand before."""
        stands = Q(pk=version_id) & Q(until_at__gt=Now())
        is_new = not cls.objects.filter(stands).exists()
        values = {"until_at": Now() + timedelta(seconds=seconds), "evidence": evidence[:300]}
        cls.objects.update_or_create(version_id=version_id, defaults=values)
        return is_new
