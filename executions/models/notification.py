"""The inbox: what a user was told, or will find when they are back."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import BooleanField, Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.functions import Now

from executions.ids import uuid7
from executions.journal.events import EventName
from executions.models.proposal import Outcome, Proposal
from executions.models.stall import Stall
from executions.states import ACTIVE_PHASES, Phase, WaitingFor

FAILURES = (str(EventName.STEP_FAILED), str(EventName.RECOVERY_FAILED))
DECISIONS = (str(EventName.NEEDS_DECISION), str(EventName.LATE_ANSWER))
QUESTIONS = (str(EventName.ASKED),)
SILENCE = (str(EventName.RUNNER_SILENT),)
STALLS = (str(EventName.STALLED),)
CONSENTS = (str(EventName.SECOND_PERSON_ASKED),)
# Events on which somebody has to act; the others say what happened.
CALLING = (*FAILURES, *DECISIONS, *QUESTIONS, *SILENCE, *STALLS, *CONSENTS)
_RUN = "event__execution__"


def _waits(names: tuple[str, ...], kind: WaitingFor) -> Q:
    waits = {f"{_RUN}phase__in": ACTIVE_PHASES, f"{_RUN}waiting_for__contains": kind}
    return Q(event__name__in=names, **waits)


# The event still holds: the failure is the run's last one, the question is not answered.
_STANDS = (
    Q(
        event__name__in=FAILURES,
        event__execution__phase=Phase.FAILED,
        event__created_at__gte=F(f"{_RUN}failed_at"),
    )
    | _waits(DECISIONS, WaitingFor.DECISION)
    | _waits(QUESTIONS, WaitingFor.ANSWER)
    | Q(event__name__in=SILENCE, event__execution__runner_silent_at__isnull=False)
)


def stands() -> Q:
    """Notifications that call somebody for something that still is so."""
    # Other tables can be asked only once all are known.
    stalls = Stall.objects.filter(execution=OuterRef(f"{_RUN}pk")).open()
    # Of a run that is driven a proposal names no place; its asker is that of the event.
    proposal = Proposal.objects.at_their_place().filter(
        Q(seq=OuterRef("event__seq")) | Q(seq=None, asked_by=OuterRef("event__actor")),
        execution=OuterRef(f"{_RUN}pk"),
        outcome=Outcome.OPEN,
        expires_at__gt=Now(),
    )
    return (
        _STANDS
        | Q(Exists(stalls), event__name__in=STALLS)
        | Q(Exists(proposal), event__name__in=CONSENTS)
    )


def settled() -> Q:
    """Notifications of what was mended, decided or answered."""
    return Q(event__name__in=CALLING) & ~stands()


class NotificationQuerySet(models.QuerySet["Notification"]):
    def unread(self) -> NotificationQuerySet:
        """Not read yet, and not settled without being read."""
        return self.not_read().filter(~Q(event__name__in=CALLING) | stands())

    def judged(self) -> NotificationQuerySet:
        """With ``is_settled``: what it called somebody for was mended, decided or answered."""
        is_settled = Case(
            When(settled(), then=Value(True)), default=Value(False), output_field=BooleanField()
        )
        return self.annotate(is_settled=is_settled)

    def not_read(self) -> NotificationQuerySet:
        return self.filter(read_at=None)


class Notification(models.Model):
    """Written in the transaction of the event that it tells of, so it is there exactly once; a
    reminder takes its place.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications"
    )
    event = models.ForeignKey(
        "executions.Event", on_delete=models.CASCADE, related_name="notifications"
    )
    created_at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(null=True, blank=True)
    # Told once more, in place of the first time.
    is_reminder = models.BooleanField(default=False, db_default=False)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=["user", "event"], name="notified_once"),)
        indexes = (
            models.Index(fields=["user"], condition=Q(read_at=None), name="notification_unread"),
        )

    def __str__(self) -> str:
        return f"{self.user}: {self.event}"
