"""A password that somebody else chose, which ends with its first use."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class InitialPassword(models.Model):
    """The person has to choose another password before anything else."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", primary_key=True
    )
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"the initial password of {self.user}"
