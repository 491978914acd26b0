"""The question of a run to people, and the answer of one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from executions.ids import public_id, uuid7
from executions.journal.events import EventName
from executions.models.event import Event
from executions.models.fields import JsonField
from executions.models.peers import PeeredQuerySet
from executions.states import ACTIVE_PHASES, WaitingFor

if TYPE_CHECKING:
    from executions.models.execution import Execution


class AskQuerySet(PeeredQuerySet["Ask"]):
    def open(self) -> AskQuerySet:
        """Not answered yet, and its run still waits for it."""
        return self.filter(
            answered_at=None,
            step__superseded_by=None,
            step__waiting_for=WaitingFor.ANSWER,
            execution__phase__in=ACTIVE_PHASES,
        )

    def for_person(self, user: User) -> AskQuerySet:
        """Those that this person may answer: named, in a named group, or an administrator."""
        if not user.is_active:
            return self.none()
        # Asked by EXISTS: a join would give a row for each group, and DISTINCT compare whole rows.
        named = Ask.users.through.objects.filter(ask=OuterRef("pk"), user=user)
        in_group = Ask.groups.through.objects.filter(ask=OuterRef("pk"), group__user=user)
        allowed = Q() if user.is_superuser else Q(Exists(named)) | Q(Exists(in_group))
        return self.filter(allowed).exclude(is_four_eyes=True, execution__owner=user)


class Ask(models.Model):
    """Written with the step that waits. The answer is written once, with the decision that it
    is.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    execution = models.ForeignKey(
        "executions.Execution", on_delete=models.CASCADE, related_name="asks"
    )
    step = models.ForeignKey("executions.Step", on_delete=models.CASCADE, related_name="asks")
    prompt = models.TextField()
    form = JsonField(null=True, blank=True)
    # A list of {name, label}.
    outcomes = JsonField(default=list)
    users = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", blank=True)
    groups = models.ManyToManyField("auth.Group", related_name="+", blank=True)
    is_four_eyes = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    escalated_at = models.DateTimeField(null=True, blank=True)
    # When those who may answer are told once more; None where they were, or need not be.
    remind_at = models.DateTimeField(null=True, blank=True)
    # Names under `approvers` that nobody had when it was asked.
    unknown = JsonField(null=True, blank=True)

    answered_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=40, blank=True, default="")
    answers = JsonField(null=True, blank=True)
    comment = models.TextField(blank=True, default="")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="answered",
    )

    objects = AskQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=["-id"], condition=Q(answered_at=None), name="ask_open"),
            models.Index(
                fields=["remind_at"],
                condition=Q(answered_at=None, remind_at__isnull=False),
                name="ask_reminder",
            ),
        )

    def __str__(self) -> str:
        return self.prompt[:80]

    @property
    def public_id(self) -> str:
        return public_id("ask", self.pk)

    def is_open(self, execution: Execution) -> bool:
        """The same as :meth:`AskQuerySet.open`, of one row whose step and run are at hand."""
        waits = self.step.superseded_by_id is None and self.step.waiting_for == WaitingFor.ANSWER
        return self.answered_at is None and waits and execution.phase in ACTIVE_PHASES

    def people(self) -> models.QuerySet[User]:
        """Those who are named, and the members of the groups that are."""
        named = Q(pk__in=self.users.values("pk")) | Q(groups__in=self.groups.values("pk"))
        return User.objects.filter(named, is_active=True).distinct()

    def asked_by(self) -> Event:
        """The event that told of it, last; branches may ask several questions in one move."""
        asked = Event.objects.filter(execution=self.execution_id, name=EventName.ASKED)
        newest_first = asked.order_by("-seq").iterator()
        return next(event for event in newest_first if event.payload["ask"] == self.public_id)

    def those_asked(self, owner_id: int) -> models.QuerySet[User]:
        """Those of them who may answer for a run of this owner."""
        people = self.people()
        return people.exclude(pk=owner_id) if self.is_four_eyes else people

    def label_of(self, outcome: str) -> str:
        """The label of this outcome's button."""
        labels = {each["name"]: each["label"] for each in self.outcomes}
        return str(labels.get(outcome, outcome))
