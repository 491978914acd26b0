"""Agents, their versions, instances and sessions, and what external runners report of runs."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from executions import policy
from executions.admin.access import Looking, may_change
from executions.admin.changing import Changing, InstanceForm, ResourceForm, save_described
from executions.admin.definitions import Writing
from executions.admin.rendering import json_field, link, list_link, text_block
from executions.admin.searching import by_public_id
from executions.intake.agents import apply_agent
from executions.intake.resources import Opened
from executions.models import (
    Agent,
    AgentInstance,
    AgentMessage,
    AgentRun,
    AgentToolCall,
    AgentVersion,
    Execution,
    Session,
)


@admin.register(Agent)
class AgentAdmin(Writing):
    """What an agent is told is written on a page of its own."""

    form = ResourceForm
    list_display = ("slug", "name", "visibility", "owner", "head_version", "spec_updated_at")
    list_select_related = ("owner", "head_version__agent")
    list_filter = ("visibility",)
    search_fields = ("slug__startswith", "name__icontains")
    search_help_text = "A public id (agt-…), the beginning of a slug, or part of a name"
    sortable_by = ("slug",)
    raw_id_fields = ("owner",)
    readonly_fields = (
        "public_id",
        "slug",
        "description",
        "head_link",
        "edit_link",
        "versions_link",
        "sessions_link",
        "executions_link",
        "created_at",
        "spec_updated_at",
        "spec_updated_by",
        "status_updated_at",
    )
    fieldsets = (
        (None, {"fields": ("public_id", "slug", "name", "description", "visibility", "owner")}),
        (
            "Definition",
            {
                "fields": (
                    "head_link",
                    "edit_link",
                    "versions_link",
                    "sessions_link",
                    "executions_link",
                )
            },
        ),
        ("Labels", {"fields": ("labels", "tags", "annotations")}),
        (
            "Changed",
            {"fields": ("created_at", "spec_updated_at", "spec_updated_by", "status_updated_at")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        assert isinstance(request.user, User)
        return super().get_queryset(request) & policy.visible_agents(request.user)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        named = by_public_id(queryset, search_term, {"agt": "pk"})
        if named is not None:
            return named, False
        return super().get_search_results(request, queryset, search_term)

    def save_model(self, request: HttpRequest, obj: Agent, form: Any, change: bool) -> None:
        save_described(request, obj, form)

    @staticmethod
    def apply(text: str, actor: User, opened: Opened | None, visibility: str) -> tuple[Agent, str]:
        applied = apply_agent(text, actor, visibility=visibility, opened=opened)
        return applied.agent, applied.result

    @admin.display(description="newest version")
    def head_link(self, agent: Agent) -> SafeString | str:
        return link(agent.head_version)

    @admin.display(description="versions")
    def versions_link(self, agent: Agent) -> SafeString:
        return list_link(AgentVersion, "All versions", agent__id__exact=agent.pk)

    @admin.display(description="sessions")
    def sessions_link(self, agent: Agent) -> SafeString:
        return list_link(Session, "All sessions", agent__id__exact=agent.pk)

    @admin.display(description="executions")
    def executions_link(self, agent: Agent) -> SafeString:
        return list_link(Execution, "All executions", agent__id__exact=agent.pk)


class OfAgent(Changing):
    """What belongs to an agent is visible where that is."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        assert isinstance(request.user, User)
        rows = super().get_queryset(request)
        if not may_change(request):
            rows = rows.filter(agent__in=policy.visible_agents(request.user))
        return rows

    @admin.display(description="agent")
    def agent_link(self, record: Any) -> SafeString | str:
        return link(record.agent)


@admin.register(AgentVersion)
class AgentVersionAdmin(OfAgent):
    list_display = ("agent", "number", "digest", "created_by", "created_at")
    list_select_related = ("agent", "created_by")
    search_fields = ("agent__slug__startswith", "digest__startswith")
    ordering = ("-id",)
    sortable_by = ()
    fields = (
        "public_id",
        "agent_link",
        "number",
        "digest",
        "created_by",
        "created_at",
        "source_text",
        "document_json",
    )

    document_json = json_field("document")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.display(description="source")
    def source_text(self, version: AgentVersion) -> SafeString | str:
        return text_block(version.source)


@admin.register(AgentInstance)
class AgentInstanceAdmin(OfAgent):
    form = InstanceForm
    list_display = ("slug", "agent", "description", "created_at")
    list_select_related = ("agent",)
    search_fields = ("slug__startswith", "agent__slug__startswith")
    ordering = ("-id",)
    sortable_by = ()
    raw_id_fields = ("agent",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_change(request)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        own = ["description", "default_input"]
        if obj is None:
            return ["agent", "slug", *own]
        return ["public_id", "agent_link", "slug", *own, "created_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [] if obj is None else ["public_id", "agent_link", "slug", "created_at"]


@admin.register(Session)
class SessionAdmin(Looking):
    """Conversations; their runs are executions."""

    list_display = ("slug", "agent", "owner", "subject", "created_at")
    list_select_related = ("agent", "owner")
    search_fields = ("slug__startswith", "subject__icontains")
    ordering = ("-id",)
    sortable_by = ()
    fields = ("public_id", "agent_link", "owner", "slug", "subject", "created_at", "runs_link")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        assert isinstance(request.user, User)
        return super().get_queryset(request) & policy.visible_sessions(request.user)

    @admin.display(description="agent")
    def agent_link(self, session: Session) -> SafeString | str:
        return link(session.agent)

    @admin.display(description="runs")
    def runs_link(self, session: Session) -> SafeString:
        return list_link(Execution, "All runs", session__id__exact=session.pk)


@admin.register(AgentRun)
class AgentRunAdmin(Looking):
    """What external runners report beside the phase; our own runs have it in their steps."""

    list_display = ("execution", "input_tokens", "output_tokens", "cost")
    list_select_related = ("execution",)
    ordering = ("-execution",)
    sortable_by = ()
    fields = ("execution_link", "input_tokens", "output_tokens", "cost", "todos_json", "told_link")

    todos_json = json_field("todos")

    @admin.display(description="execution")
    def execution_link(self, run: AgentRun) -> SafeString | str:
        return link(run.execution)

    @admin.display(description="messages and tool calls")
    def told_link(self, run: AgentRun) -> SafeString:
        messages = list_link(AgentMessage, "messages", run__execution__exact=run.pk)
        calls = list_link(AgentToolCall, "tool calls", run__execution__exact=run.pk)
        return format_html("{} {}", messages, calls)


class OfRun(Looking):
    list_select_related = ("run__execution",)
    ordering = ("-id",)
    sortable_by = ()


@admin.register(AgentMessage)
class AgentMessageAdmin(OfRun):
    list_display = ("run", "position", "type", "created_at")
    fields = ("run", "position", "type", "content_text", "calls_json", "created_at")

    calls_json = json_field("tool_calls")

    @admin.display(description="content")
    def content_text(self, message: AgentMessage) -> SafeString | str:
        return text_block(message.content)


@admin.register(AgentToolCall)
class AgentToolCallAdmin(OfRun):
    list_display = ("run", "position", "name", "status", "started_at", "completed_at")
    fields = (
        "run",
        "position",
        "name",
        "status",
        "arguments_json",
        "result_json",
        "error",
        "started_at",
        "completed_at",
    )

    arguments_json, result_json = json_field("arguments"), json_field("result")
