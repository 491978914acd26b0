"""One verb for many runs: a piece of work of its own that survives whoever drives it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Count, Q
from django.db.models.functions import Now

from executions.ids import public_id, uuid7
from executions.models.fields import JsonField

PREFIX = "blk"
# How long a worker may be silent about a bulk run before another one goes on with it.
LEASE_SECONDS = 10.0


class BulkPhase(models.TextChoices):
    """RUNNING: items are taken in turn. STOPPED: by a person, what had not begun is taken back.
    HELD: by itself, as the same cause came back. COMPLETED: every item was tried.
    """

    RUNNING = "RUNNING", "Running"
    STOPPED = "STOPPED", "Stopped"
    HELD = "HELD", "Held"
    COMPLETED = "COMPLETED", "Completed"


class ItemStatus(models.TextChoices):
    """The result for one run: still to be tried, done, refused, taken back, or left alone."""

    WAITING = "WAITING", "Waiting"
    DONE = "DONE", "Done"
    REFUSED = "REFUSED", "Refused"
    TAKEN_BACK = "TAKEN_BACK", "Taken back"
    LEFT = "LEFT", "Left alone"


class BulkRunQuerySet(models.QuerySet["BulkRun"]):
    def of(self, user: User) -> BulkRunQuerySet:
        """Those that this person started."""
        return self.filter(actor=user)

    def to_do(self) -> BulkRunQuerySet:
        """A worker has something to do for it: to try items, or to take them back."""
        return self.filter(Q(phase=BulkPhase.RUNNING) | Q(phase=BulkPhase.STOPPED, ended_at=None))

    def take(self, holder_id: object) -> BulkRun | None:
        """One that nobody works on now, for this process; who has it already keeps it."""
        free = Q(until_at=None) | Q(until_at__lte=Now()) | Q(holder=None) | Q(holder_id=holder_id)
        free |= Q(holder__dead_at__isnull=False)
        until = Now() + timedelta(seconds=LEASE_SECONDS)
        for key in self.to_do().filter(free).order_by("worked_at", "id").values_list("pk")[:10]:
            taken = self.to_do().filter(free, pk=key[0])
            if taken.update(holder_id=holder_id, until_at=until, worked_at=Now()):
                return self.select_related("actor").get(pk=key[0])
        return None


class BulkRun(models.Model):
    """``what`` says in words which runs were chosen, ``cause`` names the one that they share.

    ``rate`` is how many items may be begun in a second; it is raised while runs get past where they
    stood. ``holder`` works on it until ``until_at``.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    verb = models.CharField(max_length=40)
    arguments = JsonField(default=dict)
    reason = models.CharField(max_length=300, blank=True, default="")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="bulk_runs"
    )
    what = models.CharField(max_length=500)
    cause = models.CharField(max_length=40, blank=True, default="")
    total = models.PositiveIntegerField(default=0)
    # Of verb, arguments and runs: the same request once more is known by it.
    digest = models.CharField(max_length=64)
    phase = models.CharField(
        max_length=10, choices=BulkPhase.choices, default=BulkPhase.RUNNING.value
    )
    rate = models.FloatField()
    said = models.CharField(max_length=500, blank=True, default="")
    stopped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    holder = models.ForeignKey(
        "executions.Process", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    until_at = models.DateTimeField(null=True, blank=True)
    worked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = BulkRunQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(
                fields=["worked_at"], condition=Q(ended_at=None), name="bulk_run_under_way"
            ),
            models.Index(fields=["cause", "-id"], name="bulk_run_by_cause"),
        )

    def __str__(self) -> str:
        return f"{self.verb} {self.total}"

    @property
    def public_id(self) -> str:
        return public_id(PREFIX, self.pk)

    def is_under_way(self) -> bool:
        """Whether a worker has still something to do for it."""
        return self.ended_at is None

    def counts(self) -> Mapping[str, int]:
        """How many items stand in each status, all statuses named."""
        rows = self.items.order_by().values_list("status").annotate(many=Count("pk"))
        return {str(status): 0 for status in ItemStatus} | dict(rows)


class BulkItem(models.Model):
    """One run of a bulk run.

    ``seq`` is where the run stood when it was chosen: if it moved on since, it is left. ``before``
    is what the verb changed about how it stood, for taking it back; ``seq_after`` where the verb
    left it.
    """

    id = models.BigAutoField(primary_key=True)
    bulk = models.ForeignKey(BulkRun, on_delete=models.CASCADE, related_name="items")
    execution = models.ForeignKey(
        "executions.Execution", on_delete=models.CASCADE, related_name="bulk_items"
    )
    seq = models.BigIntegerField()
    status = models.CharField(
        max_length=10, choices=ItemStatus.choices, default=ItemStatus.WAITING.value
    )
    said = models.CharField(max_length=500, blank=True, default="")
    before = JsonField(null=True, blank=True)
    seq_after = models.BigIntegerField(null=True, blank=True)
    at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("bulk", "id")
        constraints = (
            models.UniqueConstraint(fields=["bulk", "execution"], name="bulk_item_once"),
        )
        indexes = (models.Index(fields=["bulk", "status", "id"], name="bulk_item_by_status"),)

    def __str__(self) -> str:
        return f"{self.execution_id} {self.status}"

    def kept(self) -> Any:
        """How the run stood before, as columns."""
        return self.before if isinstance(self.before, dict) else {}
