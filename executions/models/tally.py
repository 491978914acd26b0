"""Counters that are raised with every start: true for all processes, over every restart."""

from __future__ import annotations

import random

from django.db import models
from django.db.models import F, Sum

PARTS = 16


class TallyQuerySet(models.QuerySet["Tally"]):
    def add_one(self, name: str, label: str) -> None:
        """Count one more. It belongs to the transaction around it, and is undone with it."""
        chosen = self.filter(name=name, label=label, part=random.randrange(PARTS))
        if not chosen.update(number=F("number") + 1):
            parts = [Tally(name=name, label=label, part=part) for part in range(PARTS)]
            self.bulk_create(parts, ignore_conflicts=True)
            chosen.update(number=F("number") + 1)

    def totals(self, name: str) -> dict[str, int]:
        """The counts under this name, by label."""
        return dict(
            self.filter(name=name).order_by().values_list("label").annotate(total=Sum("number"))
        )


class Tally(models.Model):
    """A part of a counter.

    Transactions that count at once add to different parts, so that few wait for each other.
    """

    name = models.CharField(max_length=40)
    label = models.CharField(max_length=40)
    part = models.PositiveSmallIntegerField()
    number = models.PositiveBigIntegerField(default=0)

    objects = TallyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "tallies"
        constraints = (
            models.UniqueConstraint(fields=["name", "label", "part"], name="tally_part"),
        )

    def __str__(self) -> str:
        return f"{self.name} {self.label} {self.part}: {self.number}"
