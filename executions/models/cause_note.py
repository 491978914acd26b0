"""The word of people on a cause: who looks at it, a note, until when it is snoozed."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from executions.ids import uuid7

NOTE_CHARACTERS = 1000


class CauseNoteQuerySet(models.QuerySet["CauseNote"]):
    def seen_by(self, owner: User | None) -> CauseNoteQuerySet:
        """Those of one circle: of a person about their own runs, or (None) of all who look after
        everybody's.
        """
        return self.filter(owner=owner)


class CauseNote(models.Model):
    """One row for a cause and a circle of readers.

    ``owner`` is the person whose own runs it is about; None: it is shared by all who see
    everybody's runs. While it is snoozed the cause stands behind the others, but not once its runs
    stop more often than ``snoozed_above`` in an hour.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    cause = models.CharField(max_length=40)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="cause_notes",
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    note = models.CharField(max_length=NOTE_CHARACTERS, blank=True, default="")
    snoozed_until = models.DateTimeField(null=True, blank=True)
    snoozed_above = models.PositiveIntegerField(default=0)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    changed_at = models.DateTimeField(db_default=Now())

    objects = CauseNoteQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["cause"], condition=Q(owner=None), name="cause_note_once_for_all"
            ),
            models.UniqueConstraint(
                fields=["cause", "owner"],
                condition=Q(owner__isnull=False),
                name="cause_note_once_for_owner",
            ),
        )

    def __str__(self) -> str:
        return self.cause
