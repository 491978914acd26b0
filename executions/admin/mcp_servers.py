"""MCP servers and their tools: administrators declare servers, and say of a tool what it may."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from executions.admin.access import Declaring, Looking, may_change
from executions.admin.rendering import json_text
from executions.driving import tools_of_servers
from executions.models import McpServer, McpTool


@admin.register(McpServer)
class McpServerAdmin(Declaring):
    list_display = ("name", "transport", "command", "address", "is_trusted", "is_enabled")
    list_filter = ("transport", "is_trusted", "is_enabled")
    search_fields = ("name__startswith",)
    sortable_by = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "is_enabled", "is_trusted")}),
        (
            "Where it is",
            {"fields": ("transport", "command", "environment", "address", "key_secret")},
        ),
        ("Who may use it", {"fields": ("for_everybody", "groups")}),
    )


@admin.register(McpTool)
class McpToolAdmin(Looking):
    """A tool's name and parameters are the server's word, its rights an administrator's."""

    list_display = ("name", "server", "is_enabled", "has_changed", "effect", "approval")
    list_select_related = ("server",)
    list_filter = ("server", "is_enabled")
    search_fields = ("name__startswith",)
    sortable_by = ("name",)
    fields = (
        "server",
        "name",
        "is_enabled",
        "effect",
        "approval",
        "definition_shown",
        "offered_shown",
    )
    actions = ("take_what_is_offered",)
    _own: ClassVar = ("is_enabled", "effect", "approval")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may_change(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        own = self._own if may_change(request) else ()
        return tuple(name for name in self.fields if name not in own)

    @admin.display(boolean=True, description="offered otherwise now")
    def has_changed(self, tool: McpTool) -> bool:
        return tool.offered is not None

    @admin.display(description="As it was taken")
    def definition_shown(self, tool: McpTool) -> Any:
        return json_text(tool.definition)

    @admin.display(description="As it is offered now")
    def offered_shown(self, tool: McpTool) -> Any:
        return "–" if tool.offered is None else json_text(tool.offered)

    @admin.action(description="Take what the server offers now", permissions=["change"])
    def take_what_is_offered(self, request: HttpRequest, rows: QuerySet[McpTool]) -> None:
        taken = sum(tools_of_servers.take(tool) for tool in rows)
        self.message_user(request, f"Taken: {taken}.", messages.SUCCESS)
