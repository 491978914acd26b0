"""The beginning of the audit trail after its oldest entries left it for a file."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class AuditAnchor(models.Model):
    """``last_id`` and ``last_hash`` are those of the last entry that left, ``entries`` how many
    left with it, ``file`` and ``sha256`` say where they are. ``signature`` covers all of it.

    ``is_open`` while they are being deleted: the triggers let go of what an open anchor covers.
    """

    id = models.BigAutoField(primary_key=True)
    last_id = models.BigIntegerField()
    last_hash = models.CharField(max_length=64)
    entries = models.BigIntegerField()
    file = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    key = models.CharField(max_length=16)
    signature = models.CharField(max_length=64)
    is_open = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=["is_open"], condition=Q(is_open=True), name="audit_anchor_one_open"
            ),
        )

    def __str__(self) -> str:
        return f"up to {self.last_id}"
