"""A schedule: at which times a workflow or an agent is started, and what became of each time."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from executions.ids import public_id, uuid7
from executions.models.agent import Agent
from executions.models.fields import JsonField
from executions.models.workflow import Workflow

PREFIX = "sch"
LONGEST_NAME = 100


class ScheduleState(models.TextChoices):
    """ACTIVE: it starts runs. DISABLED: a person turned it off. PAUSED: Stigmer did, and
    ``reason`` says why.
    """

    ACTIVE = "active", "Active"
    DISABLED = "disabled", "Disabled"
    PAUSED = "paused", "Paused"


class Missed(models.TextChoices):
    """The rule for times that passed while nothing could be started."""

    ONE = "one", "Start one run for all of them"
    NONE = "none", "Start nothing for them"


class Overlap(models.TextChoices):
    """The rule for a time at which the last run has not ended."""

    SKIP = "skip", "Leave the time out"
    ALLOW = "allow", "Start one beside it"


class Outcome(models.TextChoices):
    """The outcome of one time."""

    STARTED = "started", "Started"
    SKIPPED = "skipped", "Left out, the last run had not ended"
    MISSED = "missed", "Missed"
    REFUSED = "refused", "Refused"


class ScheduleQuerySet(models.QuerySet["Schedule"]):
    def active(self) -> ScheduleQuerySet:
        return self.filter(state=ScheduleState.ACTIVE)

    def due(self, now: datetime | Now) -> ScheduleQuerySet:
        """Active, and the next time has come."""
        return self.active().filter(next_due_at__lte=now)


class Schedule(models.Model):
    """It starts ``workflow`` or ``agent`` in the name of ``owner``, at the times of ``cron`` in
    ``time_zone``, or of ``every`` (an ISO 8601 duration) counted from ``anchor_at``.

    ``input`` is the input of the workflow (null: its default), or the message to the agent.
    ``streak`` counts the failures of its last runs, one after the other, since ``streak_from``.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=LONGEST_NAME)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="schedules"
    )
    # Its members may see and change it, beside the owner.
    group = models.ForeignKey(
        "auth.Group", on_delete=models.PROTECT, null=True, blank=True, related_name="schedules"
    )
    workflow = models.ForeignKey(
        Workflow, on_delete=models.PROTECT, null=True, blank=True, related_name="schedules"
    )
    agent = models.ForeignKey(
        Agent, on_delete=models.PROTECT, null=True, blank=True, related_name="schedules"
    )
    input = JsonField(null=True, blank=True)
    cron = models.CharField(max_length=100, blank=True, default="")
    every = models.CharField(max_length=40, blank=True, default="")
    time_zone = models.CharField(max_length=64, default="UTC")
    missed = models.CharField(max_length=4, choices=Missed.choices, default=Missed.ONE)
    overlap = models.CharField(max_length=5, choices=Overlap.choices, default=Overlap.SKIP)
    state = models.CharField(
        max_length=8, choices=ScheduleState.choices, default=ScheduleState.ACTIVE
    )
    reason = models.CharField(max_length=500, blank=True, default="")
    state_at = models.DateTimeField(db_default=Now())
    anchor_at = models.DateTimeField()
    next_due_at = models.DateTimeField(null=True, blank=True)
    streak = models.PositiveSmallIntegerField(default=0)
    streak_from = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())

    objects = ScheduleQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(fields=["owner", "name"], name="schedule_name_of_owner"),
            models.CheckConstraint(
                condition=Q(workflow__isnull=False, agent__isnull=True)
                | Q(workflow__isnull=True, agent__isnull=False),
                name="schedule_of_one_kind",
            ),
            models.CheckConstraint(
                condition=(Q(cron="") & ~Q(every="")) | (~Q(cron="") & Q(every="")),
                name="schedule_has_one_rule",
            ),
            models.CheckConstraint(
                condition=Q(state="active", next_due_at__isnull=False)
                | (~Q(state="active") & Q(next_due_at__isnull=True)),
                name="schedule_due_while_active",
            ),
        )
        indexes = (
            models.Index(fields=["next_due_at"], condition=Q(state="active"), name="schedule_due"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return public_id(PREFIX, self.pk)

    @property
    def subject(self) -> Workflow | Agent:
        """The workflow or the agent that it starts."""
        subject = self.workflow or self.agent
        assert subject is not None
        return subject


class Occurrence(models.Model):
    """One time of a schedule, or a run that a person triggered (``by``).

    A row for each time is what makes a time start one run, however many workers look at once.
    ``missed_from`` is the first of the times that passed before ``due_at`` and got no row.
    ``is_settled``: the end of its run was counted.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    schedule = models.ForeignKey(
        Schedule, on_delete=models.SET_NULL, null=True, blank=True, related_name="occurrences"
    )
    # The name as it was: the run says it when the schedule is gone.
    name = models.CharField(max_length=LONGEST_NAME)
    due_at = models.DateTimeField()
    missed_from = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    is_triggered = models.BooleanField(default=False)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    said = models.CharField(max_length=500, blank=True, default="")
    execution = models.OneToOneField(
        "executions.Execution",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="occurrence",
    )
    is_settled = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=["schedule", "due_at"],
                condition=Q(is_triggered=False),
                name="occurrence_once",
            ),
        )
        indexes = (
            models.Index(fields=["schedule", "-id"], name="occurrence_by_schedule"),
            models.Index(
                fields=["id"],
                condition=Q(is_settled=False, outcome="started"),
                name="occurrence_under_way",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} for {self.due_at:%Y-%m-%d %H:%M:%S}"

    @property
    def public_id(self) -> str:
        return public_id("occ", self.pk)

    @property
    def schedule_public_id(self) -> str:
        """The id of the schedule; empty where it was deleted."""
        return public_id(PREFIX, self.schedule_id) if self.schedule_id else ""
