"""A start of the whole installation: the first worker that came up while none lived."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Boot(models.Model):
    """``is_clean``: whoever worked before had signed off.

    ``incomplete_count``: executions found unfinished.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=Now())
    host = models.CharField(max_length=255)
    version = models.CharField(max_length=40)
    is_clean = models.BooleanField()
    incomplete_count = models.PositiveIntegerField()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return (
            f"{self.host} {self.version},"
            f" {'after a clean stop' if self.is_clean else 'after a crash'}"
        )
