"""An agent: instructions for a model, with an owner. Its runs are executions like any other."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from executions.ids import public_id, uuid7
from executions.models.fields import JsonField
from executions.models.resource import Instance, Resource, Version


class Agent(Resource):
    """An agent's name and standing."""

    default_instance = models.ForeignKey(
        "executions.AgentInstance",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    head_version = models.ForeignKey(
        "executions.AgentVersion", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    @property
    def public_id(self) -> str:
        return public_id("agt", self.pk)


class AgentVersion(Version):
    """One immutable text of an agent: instructions, model, tools."""

    agent = models.ForeignKey("executions.Agent", on_delete=models.CASCADE, related_name="versions")

    class Meta:
        ordering = ("agent", "-number")
        constraints = (
            models.UniqueConstraint(fields=["agent", "number"], name="agent_version_number_once"),
        )

    def __str__(self) -> str:
        return f"{self.agent} v{self.number}"

    @property
    def public_id(self) -> str:
        return public_id("ver", self.pk)


class AgentInstance(Instance):
    """One configured deployment of an agent."""

    agent = models.ForeignKey(
        "executions.Agent", on_delete=models.CASCADE, related_name="instances"
    )

    class Meta:
        ordering = ("agent", "slug")
        constraints = (
            models.UniqueConstraint(fields=["agent", "slug"], name="agent_instance_slug"),
        )

    @property
    def public_id(self) -> str:
        return public_id("ain", self.pk)


class Session(models.Model):
    """A conversation of one person with an agent: a thread of runs.

    ``{agent slug}-default`` is made when needed.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agent = models.ForeignKey("executions.Agent", on_delete=models.CASCADE, related_name="sessions")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="sessions"
    )
    slug = models.CharField(max_length=320)
    subject = models.CharField(max_length=300, blank=True, default="")
    annotations = JsonField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("agent", "-id")
        constraints = (
            models.UniqueConstraint(fields=["agent", "owner", "slug"], name="session_slug"),
        )

    def __str__(self) -> str:
        return self.slug

    @property
    def public_id(self) -> str:
        return public_id("ses", self.pk)
