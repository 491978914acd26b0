"""How default instances and sessions came to be linked: made, found and adopted, or mended.

Append-only.
"""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class How(models.TextChoices):
    CREATED = "created", "was missing and was made"
    ADOPTED = "adopted", "was there and was linked"
    REPAIRED = "repaired", "a link that led nowhere, or to another's child, was replaced"


class Healing(models.Model):
    """One row per thing that was done, in its transaction; ``parent`` and ``child`` are public ids.

    Rows instead of counters: nobody waits for a counter's lock, and one can read what was healed
    and when.
    """

    id = models.BigAutoField(primary_key=True)
    family = models.CharField(max_length=20)
    how = models.CharField(max_length=10, choices=How.choices)
    parent = models.CharField(max_length=40)
    child = models.CharField(max_length=40)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=["family", "how"], name="healing_counts"),)

    def __str__(self) -> str:
        return f"{self.family} {self.child} {self.how}"
