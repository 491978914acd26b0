"""A place to which Stigmer sends messages of its own accord, and the messages that wait for it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Count, OuterRef, Q, Subquery, UniqueConstraint
from django.db.models.functions import Now

from executions.ids import public_id, uuid7
from executions.models.fields import JsonField
from executions.secrets import addresses, places

_NAME = RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$", "Letters, digits, _ and -, at most 40.")


# The kind of channel that was there first; each is a file of ``executions.outbound.kinds``.
EVENTS = "events"


class Rhythm(models.TextChoices):
    """When notices are sent."""

    AT_ONCE = "at once", "At once"
    HOURLY = "hourly", "Gathered, each hour"
    DAILY = "daily", "Gathered, each morning"


def every_type() -> list[str]:
    return []


class ChannelQuerySet(models.QuerySet["Channel"]):
    def active(self) -> ChannelQuerySet:
        """Turned on, and of nobody who may not come in any more."""
        return self.filter(is_active=True).exclude(owner__is_active=False)

    def counting(self) -> ChannelQuerySet:
        """With how many of its messages wait, and how many were given up."""
        of_it = Sending.objects.filter(channel=OuterRef("pk")).order_by()
        number = Count("pk")
        return self.annotate(
            number_waiting=Subquery(
                of_it.waiting().values("channel").annotate(n=number).values("n")
            ),
            number_dead=Subquery(of_it.dead().values("channel").annotate(n=number).values("n")),
        )


class Channel(models.Model):
    """Declared by an operator, or by a person for what their own inbox gets (``owner``); nothing is
    sent where there is none.

    ``address`` may be a key, so that people are shown ``where`` alone; it may name secrets in its
    place. ``types`` are the types of events that it wants, all where it is empty. ``only`` holds
    the ids of the workflows and agents that it is about, all where it is empty; ``muted`` those
    that it is not about. ``secret`` names a secret of the server that signs; the value is in no
    row. Events before ``hears_from`` are not told.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=20, default=EVENTS)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="channels",
    )
    name = models.CharField(max_length=40, validators=[_NAME])
    address = models.CharField(max_length=500, blank=True)
    types = JsonField(default=every_type, blank=True)
    only = JsonField(default=every_type, blank=True)
    muted = JsonField(default=every_type, blank=True)
    rhythm = models.CharField(max_length=10, choices=Rhythm.choices, default=Rhythm.AT_ONCE)
    secret = models.CharField(
        max_length=200, blank=True, default="", help_text="The name of the secret that signs"
    )
    with_output = models.BooleanField(
        default=False, help_text="Whether outputs of runs and tasks are sent along"
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now())
    hears_from = models.DateTimeField(db_default=Now())
    # Its breaker: how many tries failed one after the other, and until when nothing is tried.
    failures = models.PositiveIntegerField(default=0, db_default=0)
    # The breaker of its server, which all channels to it share: how often nobody answered there.
    target = models.CharField(max_length=300, blank=True, default="", db_default="")
    target_failures = models.PositiveIntegerField(default=0, db_default=0)
    rests_until = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=500, blank=True, default="", db_default="")
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = ChannelQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        constraints = (
            UniqueConstraint(fields=["name"], condition=Q(owner=None), name="channel_name"),
            UniqueConstraint(
                fields=["owner", "name"],
                condition=Q(owner__isnull=False),
                name="channel_name_of_owner",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return public_id("snk", self.pk)

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """With another address it speaks to another server, of which nothing is known yet."""
        if update_fields is None or "address" in update_fields:
            target = addresses.target(self.address)
            if target != self.target:
                self.target, self.target_failures = target, 0
            if update_fields is not None:
                update_fields = {*update_fields, "target", "target_failures"}
        super().save(*args, update_fields=update_fields, **kwargs)

    @property
    def where(self) -> str:
        """As much of its address as anybody may read, whoever wrote it."""
        return addresses.shown(self.address)

    @property
    def address_secrets(self) -> list[str]:
        """The names of the secrets that its address names: their values are in no row."""
        return places.names_in(self.address)

    @property
    def waiting(self) -> int:
        """How many messages wait, where they were counted."""
        return getattr(self, "number_waiting", None) or 0

    @property
    def given_up(self) -> int:
        """How many messages were given up, where they were counted."""
        return getattr(self, "number_dead", None) or 0

    def wants(self, type_: str) -> bool:
        return not self.types or type_ in self.types

    def is_about(self, subject: str) -> bool:
        """Whether it tells of runs of the workflow or agent of this id."""
        return subject not in self.muted and (not self.only or subject in self.only)


# So long what was sent is kept for people to see, and what was given up to be sent again.
SENT_KEPT = timedelta(days=1)
DEAD_KEPT = timedelta(days=30)


class SendingQuerySet(models.QuerySet["Sending"]):
    def waiting(self) -> SendingQuerySet:
        return self.filter(sent_at=None, dead_at=None)

    def dead(self) -> SendingQuerySet:
        """Given up: nobody sends it again unless a person says so."""
        return self.filter(dead_at__isnull=False)

    def in_state(self, state: str) -> SendingQuerySet:
        """``waiting``, ``sent`` or ``given up``; all where it is empty."""
        if state == "waiting":
            return self.waiting()
        if state == "sent":
            return self.filter(sent_at__isnull=False)
        return self.dead() if state else self


class Sending(models.Model):
    """A message to one channel. ``key`` tells it from the others of the channel, so that what is
    found twice is sent once; each try sends the same ``body``.

    Messages of one ``group`` are told together. ``parcel`` names what was tried as one, so that
    another try sends the same. ``doubts`` counts tries of which nobody knows what came of them.
    """

    id = models.BigAutoField(primary_key=True)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="sendings")
    execution = models.ForeignKey(
        "executions.Execution",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="sendings",
    )
    key = models.CharField(max_length=120)
    type = models.CharField(max_length=255)
    body = JsonField()
    group = models.CharField(max_length=100, blank=True, default="", db_default="")
    parcel = models.UUIDField(null=True, blank=True)
    doubts = models.PositiveSmallIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(db_default=Now())
    tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    due_at = models.DateTimeField(db_default=Now())
    problem = models.CharField(max_length=500, blank=True, default="", db_default="")
    sent_at = models.DateTimeField(null=True, blank=True)
    dead_at = models.DateTimeField(null=True, blank=True)

    objects = SendingQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (UniqueConstraint(fields=["channel", "key"], name="sending_once"),)
        indexes = (
            models.Index(
                fields=["channel", "id"],
                condition=Q(sent_at=None, dead_at=None),
                name="sending_waiting",
            ),
            models.Index(
                fields=["sent_at"], condition=Q(sent_at__isnull=False), name="sending_by_age"
            ),
            models.Index(
                fields=["dead_at"], condition=Q(dead_at__isnull=False), name="sending_dead"
            ),
        )

    def __str__(self) -> str:
        return f"{self.type} to {self.channel_id}"

    @property
    def state(self) -> str:
        if self.sent_at is not None:
            return "sent"
        return "waiting" if self.dead_at is None else "given up"


def nothing_open() -> dict[str, Any]:
    return {}


class Told(models.Model):
    """How far a run's journal was told: up to ``seq``, and which of its steps are known to be open,
    by their ids with their paths.

    ``status`` is the status that was told last, in the specification's words.
    """

    execution = models.OneToOneField(
        "executions.Execution", on_delete=models.CASCADE, primary_key=True, related_name="told"
    )
    seq = models.BigIntegerField(default=0)
    open = JsonField(default=nothing_open)
    status = models.CharField(max_length=10, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.execution_id} up to {self.seq}"
