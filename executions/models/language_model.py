"""A language model as the operator declares it: where it answers, by which key, at what price, and
who may use it.
"""

from __future__ import annotations

from django.contrib.auth.models import User
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from executions.ids import public_id, uuid7

SILENCE_SECONDS = 120
_NAME = RegexValidator(
    r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}$", "Letters, digits and `._:/-`, at most 200."
)
_ADDRESS = RegexValidator(
    r"^https?://[^\s?#]+$", "An address that begins with https:// or http://."
)


class Protocol(models.TextChoices):
    """The protocol of a model's server."""

    OPENAI_CHAT = "openai-chat", "OpenAI chat completions (and what is compatible)"
    ANTHROPIC = "anthropic", "Anthropic messages"
    OPENAI_RESPONSES = "openai-responses", "OpenAI responses"
    GOOGLE = "google", "Google Gemini (needs the extra `google`)"


class LanguageModelQuerySet(models.QuerySet["LanguageModel"]):
    def usable_by(self, user: User) -> LanguageModelQuerySet:
        """Those that are on and that this person may use."""
        rows = self.filter(is_enabled=True)
        if user.is_superuser:
            return rows
        groups = user.groups.values("pk")
        return rows.filter(Q(for_everybody=True) | Q(groups__in=groups)).distinct()


class LanguageModel(models.Model):
    """``key_secret`` names a secret of the server; the key itself is in no row. Prices are for a
    million tokens; one that is not known is left out, which is not the same as 0.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=200, unique=True, validators=[_NAME])
    protocol = models.CharField(
        max_length=20, choices=Protocol.choices, default=Protocol.OPENAI_CHAT
    )
    address = models.CharField(
        max_length=500,
        validators=[_ADDRESS],
        help_text="Up to the version, for example https://api.openai.com/v1",
    )
    remote_name = models.CharField(
        max_length=200, help_text="What its provider calls it, for example gpt-5-mini"
    )
    key_secret = models.CharField(
        max_length=200, blank=True, default="", help_text="The name of the secret that is its key"
    )
    input_price = models.DecimalField(
        max_digits=12, decimal_places=6, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    output_price = models.DecimalField(
        max_digits=12, decimal_places=6, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    max_tokens = models.PositiveIntegerField(
        null=True, blank=True, help_text="The most tokens of one answer"
    )
    context_tokens = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="The most tokens that it reads; near it older messages are told in short",
    )
    silence_seconds = models.FloatField(
        default=SILENCE_SECONDS,
        validators=[MinValueValidator(1)],
        help_text="A request has timed out when nothing came for so long",
    )
    for_everybody = models.BooleanField(default=True)
    groups = models.ManyToManyField("auth.Group", related_name="+", blank=True)
    is_enabled = models.BooleanField(default=True)
    # Of the demonstration, which makes it and takes it away again.
    is_demonstration = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(db_default=Now())

    objects = LanguageModelQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        verbose_name = "model"

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return public_id("mdl", self.pk)
