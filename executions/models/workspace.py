"""The workspace of a run: a folder on one host, and what became of it."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from executions.ids import public_id, uuid7
from executions.states import ENDED_PHASES


class WorkspaceState(models.TextChoices):
    """MAKING: nothing in it counts yet. REMOVED: only the row is left."""

    MAKING = "making", "being made"
    READY = "ready", "ready"
    REMOVED = "removed", "removed"


class WorkspaceQuerySet(models.QuerySet["Workspace"]):
    def of_host(self, host: str) -> WorkspaceQuerySet:
        return self.filter(host=host)

    def ended(self) -> WorkspaceQuerySet:
        """Those whose run has ended: nothing works in them."""
        return self.filter(execution__phase__in=ENDED_PHASES)

    def there(self) -> WorkspaceQuerySet:
        return self.exclude(state=WorkspaceState.REMOVED)

    def due(self) -> WorkspaceQuerySet:
        """Those that are kept no longer: never one that is persistent or that a run works in."""
        over = Q(keep_until__lte=Now())
        return self.ended().there().filter(over, is_persistent=False)


class Workspace(models.Model):
    """One run has one; two never share one. ``name`` is its folder's, below the folder of
    workspaces of ``host``. ``key`` is the operation that made it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    execution = models.OneToOneField(
        "executions.Execution", on_delete=models.CASCADE, related_name="workspace"
    )
    state = models.CharField(
        max_length=10, choices=WorkspaceState.choices, default=WorkspaceState.MAKING
    )
    key = models.CharField(max_length=255, default="")
    host = models.CharField(max_length=255)
    name = models.CharField(max_length=64, unique=True)
    repository = models.CharField(max_length=500, blank=True, default="")
    mirror = models.CharField(max_length=100, blank=True, default="")
    branch = models.CharField(max_length=200, blank=True, default="")
    start_commit = models.CharField(max_length=64, blank=True, default="")
    end_commit = models.CharField(max_length=64, blank=True, default="")
    files_changed = models.PositiveIntegerField(null=True, blank=True)
    insertions = models.PositiveIntegerField(null=True, blank=True)
    deletions = models.PositiveIntegerField(null=True, blank=True)
    uncommitted = models.PositiveIntegerField(null=True, blank=True)
    size_bytes = models.PositiveBigIntegerField(default=0)
    is_persistent = models.BooleanField(default=False)
    keep_success_days = models.FloatField(default=1)
    keep_failure_days = models.FloatField(default=7)
    keep_until = models.DateTimeField(null=True, blank=True)
    # Stored after its last command, for another host: a bundle under its digest, the commit at
    # which it stood, and why the last time nothing was stored.
    saved_digest = models.CharField(max_length=64, blank=True, default="", db_default="")
    saved_commit = models.CharField(max_length=64, blank=True, default="", db_default="")
    saved_at = models.DateTimeField(null=True, blank=True)
    # Of two commands that end together the later one's counts, whichever is written first.
    saved_order = models.BigIntegerField(default=0, db_default=0, editable=False)
    saved_problem = models.CharField(max_length=500, blank=True, default="", db_default="")
    # Its host may be away for so long before it is made again elsewhere; none: a person decides.
    remake_after_seconds = models.FloatField(null=True, blank=True)
    # The run that went on in the folder, by its id: this one has it no more.
    handed_to = models.CharField(max_length=40, blank=True, default="", db_default="")
    problem = models.CharField(max_length=500, blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())
    # When it was looked at what the run has changed; not since something ran in it.
    examined_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        indexes = (
            models.Index(
                fields=["host", "keep_until"], condition=~Q(state="removed"), name="workspace_there"
            ),
        )

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return public_id("wsp", self.pk)

    @property
    def path(self) -> str:
        """Its place as people see it: never a path of the host."""
        return f"{Path(settings.STIGMER_WORKSPACE_FOLDER).name}/{self.name}"

    @property
    def is_examined(self) -> bool:
        return self.examined_at is not None

    @property
    def is_there(self) -> bool:
        return self.state != WorkspaceState.REMOVED
