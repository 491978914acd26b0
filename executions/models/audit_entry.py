"""Who did what to what, before and after; append-only and chained, so that a change or a gap
shows.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from executions.models.fields import JsonField


class AuditEntry(models.Model):
    """``hash`` covers the entry and ``previous_hash``.

    ``actor`` is empty where the system itself acted.
    """

    id = models.BigAutoField(primary_key=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    actor_name = models.CharField(max_length=200, blank=True, default="")
    verb = models.CharField(max_length=40)
    execution = models.ForeignKey(
        "executions.Execution",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="audit",
    )
    subject = models.CharField(max_length=80)
    outcome = models.CharField(max_length=20)
    before = JsonField(null=True, blank=True)
    after = JsonField(null=True, blank=True)
    reason = models.TextField(blank=True, default="")
    correlation_id = models.CharField(max_length=64, blank=True, default="")
    created_at = models.DateTimeField()
    previous_hash = models.CharField(max_length=64, unique=True)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "audit entries"
        indexes = (models.Index(fields=["subject", "-id"], name="audit_by_subject"),)

    def __str__(self) -> str:
        return f"{self.verb} {self.subject}"
