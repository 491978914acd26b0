"""A verb that waits for a second person, where the operator asks for two."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from executions import clock
from executions.ids import public_id, uuid7
from executions.models.fields import JsonField

# Carrying it out takes moments.
CARRIED_OUT_IN = timedelta(minutes=10)


class Outcome(models.TextChoices):
    """The end of a proposal. One that is OPEN may have run out, or its run may have moved on."""

    OPEN = "open", "waits for a second person"
    AGREED = "agreed", "agreed to, and being carried out"
    DONE = "done", "agreed to and done"
    TURNED_DOWN = "turned down", "turned down"
    WITHDRAWN = "withdrawn", "withdrawn"
    EXPIRED = "expired", "nobody agreed in time"
    MOVED_ON = "moved on", "not done: the run had moved on"


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def open(self) -> ProposalQuerySet:
        """Those that somebody may still agree to."""
        return self.filter(outcome=Outcome.OPEN, expires_at__gt=clock.now())

    def at_their_place(self) -> ProposalQuerySet:
        """Those of which the run has not moved on."""
        return self.filter(
            Q(seq=F("execution__head_seq")) | Q(seq=None, phase=F("execution__phase"))
        )

    def left_over(self) -> ProposalQuerySet:
        """Those that were agreed to, and of which nobody said what came of it: a process died."""
        return self.filter(outcome=Outcome.AGREED, decided_at__lt=Now() - CARRIED_OUT_IN)

    def run_out(self) -> ProposalQuerySet:
        """Those to which nobody agreed in time, and of which that was not written down yet."""
        return self.filter(outcome=Outcome.OPEN, expires_at__lte=Now())


class Proposal(models.Model):
    """A person asks for a verb, and saw this effect of it.

    ``seq`` is where the run stood once this was written; None for a run that is driven, which moves
    on all the time.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    execution = models.ForeignKey(
        "executions.Execution", on_delete=models.CASCADE, related_name="proposals"
    )
    execution_id: uuid.UUID
    asked_by_id: int
    verb = models.CharField(max_length=30)
    arguments = JsonField(default=dict)
    reason = models.CharField(max_length=300)
    preview = JsonField(null=True, blank=True)
    phase = models.CharField(max_length=20)
    seq = models.BigIntegerField(null=True, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()

    outcome = models.CharField(max_length=20, choices=Outcome, default=Outcome.OPEN)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    # Why it was turned down, or could not be done.
    said = models.CharField(max_length=500, blank=True, default="")

    objects = ProposalQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["execution", "verb"],
                condition=Q(outcome=Outcome.OPEN),
                name="proposal_open_once",
            ),
        )
        indexes = (
            models.Index(
                fields=["expires_at"], condition=Q(outcome=Outcome.OPEN), name="proposal_open"
            ),
        )

    def __str__(self) -> str:
        return f"{self.verb} {self.execution_id}"

    @property
    def public_id(self) -> str:
        return public_id("prp", self.pk)

    def is_open(self) -> bool:
        """Whether it is neither answered nor out of time."""
        return self.outcome == Outcome.OPEN and self.expires_at > clock.now()

    def is_behind(self) -> bool:
        """Whether the run has moved on since: nobody can agree to it then."""
        if self.seq is None:
            return self.execution.phase != self.phase
        return self.execution.head_seq != self.seq
