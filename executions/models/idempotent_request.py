"""An answer that is given again: the same key and body of the same user get the same response."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from executions.models.fields import JsonField


class IdempotentRequest(models.Model):
    """``status`` 0 means that the first request is still in flight, in ``process`` where that is
    known.
    """

    id = models.BigAutoField(primary_key=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    operation = models.CharField(max_length=300)
    body_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    response = JsonField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    process = models.ForeignKey(
        "executions.Process", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["owner", "key"], name="idempotency_key_once"),
        )
        indexes = (models.Index(fields=["created_at"], name="idempotent_request_age"),)

    def __str__(self) -> str:
        return f"{self.operation} {self.status}"
