"""An entry says who did what to what, before and after; append-only and chained, so that a change
or a gap shows.

The database itself refuses to change or delete an entry (``executions.audit.guards``). Therefore an
entry holds no foreign keys: a deleted account or run would change it.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from executions.models.fields import JsonField


class AuditEntry(models.Model):
    """``hash`` covers the entry and ``previous_hash``; ``key`` names the key that signed it, empty
    in entries of the time before keys.

    ``actor`` is empty where the system itself acted. Whom it and ``execution`` name may be gone.
    """

    id = models.BigAutoField(primary_key=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="+",
    )
    actor_name = models.CharField(max_length=200, blank=True, default="")
    verb = models.CharField(max_length=40)
    execution = models.ForeignKey(
        "executions.Execution",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
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
    key = models.CharField(max_length=16, blank=True, default="", db_default="")

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "audit entries"
        indexes = (
            models.Index(fields=["subject", "-id"], name="audit_by_subject"),
            models.Index(fields=["actor_name", "-id"], name="audit_by_actor"),
            models.Index(fields=["verb", "-id"], name="audit_by_verb"),
            models.Index(fields=["created_at"], name="audit_by_moment"),
        )

    def __str__(self) -> str:
        return f"{self.verb} {self.subject}"
