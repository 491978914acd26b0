"""A token of the API: shown once, kept as a digest."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from executions.ids import public_id, uuid7
from executions.models.fields import JsonField


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def usable(self) -> ApiTokenQuerySet:
        """Neither revoked nor expired, and of an owner who may still sign in."""
        fresh = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
        return self.filter(fresh, revoked_at=None, owner__is_active=True)


class ApiToken(models.Model):
    """256 random bits behind a prefix; ``digest`` is their SHA-256.

    ``scopes`` limit what it may do.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens"
    )
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    last_characters = models.CharField(max_length=6)
    scopes = JsonField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ("owner", "-id")

    def __str__(self) -> str:
        return f"{self.name} (…{self.last_characters})"

    @property
    def public_id(self) -> str:
        return public_id("key", self.pk)
