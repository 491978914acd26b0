"""An attempt that has shown no progress for a while, and what a person said to that."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from executions import clock
from executions.ids import uuid7
from executions.states import Phase, StepStatus


class StallQuerySet(models.QuerySet["Stall"]):
    def under_way(self) -> StallQuerySet:
        """Of attempts that run still, as far as the database knows."""
        return self.filter(
            execution__phase=Phase.IN_PROGRESS,
            step__superseded_by=None,
            step__status=StepStatus.RUNNING,
            step__attempt=F("number"),
        )

    def breakable(self) -> StallQuerySet:
        """Those that nobody has asked to break off."""
        return self.under_way().filter(break_off_at=None)

    def open(self) -> StallQuerySet:
        """Those to which nobody has said anything, or whose quiet time is over."""
        is_quiet = Q(quiet_until__isnull=False, quiet_until__gt=Now())
        return self.breakable().exclude(is_quiet)


class Stall(models.Model):
    """One attempt of a step. Its worker writes the row, and reads what a person said.

    ``told_at`` is when its owner was told last. ``quiet_until``: a person waits on, and nobody is
    told before. ``break_off_at``: a person wants it broken off. ``why_not`` says why it cannot be,
    where it cannot.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    execution = models.ForeignKey(
        "executions.Execution", on_delete=models.CASCADE, related_name="stalls"
    )
    step = models.ForeignKey("executions.Step", on_delete=models.CASCADE, related_name="stalls")
    number = models.PositiveIntegerField()
    began_at = models.DateTimeField()
    told_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    quiet_until = models.DateTimeField(null=True, blank=True)
    break_off_at = models.DateTimeField(null=True, blank=True)
    why_not = models.CharField(max_length=200, blank=True, default="")

    objects = StallQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=["step", "number"], name="stall_once"),)

    @property
    def is_quiet(self) -> bool:
        """Whether a person waits on, and is not told before."""
        return self.quiet_until is not None and self.quiet_until > clock.now()

    def __str__(self) -> str:
        return f"attempt {self.number}"
