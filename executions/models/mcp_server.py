"""MCP servers as the operator declares them, and their tools as they were first met."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from executions.ids import public_id, uuid7
from executions.models.fields import JsonField

_NAME = RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$", "Letters, digits, _ and -, at most 40.")


class Transport(models.TextChoices):
    STDIO = "stdio", "A command of this server's settings"
    HTTP = "http", "Streamable HTTP"


class McpServerQuerySet(models.QuerySet["McpServer"]):
    def usable_by(self, user: User) -> McpServerQuerySet:
        """Those that are on and that this person's agents may use."""
        rows = self.filter(is_enabled=True)
        if user.is_superuser:
            return rows
        groups = user.groups.values("pk")
        return rows.filter(Q(for_everybody=True) | Q(groups__in=groups)).distinct()


class McpServer(models.Model):
    """``command`` is a name in STIGMER_MCP_COMMANDS: no row and no agent says what is executed.

    The words of a server that is not trusted about its tools decide nothing: each may happen only
    once and asks a person, until an administrator has said otherwise of it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=40, unique=True, validators=[_NAME])
    transport = models.CharField(max_length=10, choices=Transport.choices)
    command = models.CharField(
        max_length=100, blank=True, default="", help_text="A name in STIGMER_MCP_COMMANDS"
    )
    address = models.URLField(max_length=500, blank=True, default="")
    key_secret = models.CharField(
        max_length=200,
        blank=True,
        default="",
        help_text="The name of the secret that is sent as its bearer token",
    )
    environment = models.ForeignKey(
        "executions.Environment",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="servers",
        help_text="What a command finds in its environment",
    )
    is_trusted = models.BooleanField(
        default=False, help_text="What it says of its tools decides their effects and approvals"
    )
    for_everybody = models.BooleanField(default=True)
    groups = models.ManyToManyField("auth.Group", related_name="+", blank=True)
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = McpServerQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        verbose_name = "MCP server"

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return public_id("mcp", self.pk)

    def clean(self) -> None:
        if self.transport == Transport.STDIO and self.command not in settings.STIGMER_MCP_COMMANDS:
            commands = ", ".join(settings.STIGMER_MCP_COMMANDS) or "none"
            raise ValidationError(
                {"command": f"There is no such command in STIGMER_MCP_COMMANDS. Known: {commands}."}
            )
        if self.transport == Transport.HTTP and self.environment is not None:
            raise ValidationError({"environment": "Only a command has an environment."})
        if self.transport == Transport.HTTP and not self.address:
            raise ValidationError({"address": "A server that is reached by HTTP needs it."})


class McpTool(models.Model):
    """A tool as it was taken: where the server offers another one later, the tool is off.

    ``effect`` and ``approval`` are an administrator's word; empty: by the rule of its server.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    server = models.ForeignKey(McpServer, on_delete=models.CASCADE, related_name="tools")
    name = models.CharField(max_length=200)
    definition = JsonField()
    digest = models.CharField(max_length=64)
    # The tool as the server offers it now, where that is something else; null: what was taken.
    offered = JsonField(null=True, blank=True)
    is_enabled = models.BooleanField(default=True)
    effect = models.CharField(
        max_length=20,
        blank=True,
        default="",
        choices=[(each, each) for each in ("pure", "idempotent", "at_most_once")],
    )
    approval = models.CharField(
        max_length=20,
        blank=True,
        default="",
        choices=[(each, each) for each in ("never", "always", "destructive")],
    )
    met_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("server", "name")
        verbose_name = "MCP tool"
        constraints = (
            models.UniqueConstraint(fields=["server", "name"], name="mcp_tool_name_once"),
        )

    def __str__(self) -> str:
        return f"{self.server_id} {self.name}"
