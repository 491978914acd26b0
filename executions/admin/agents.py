"""Agents, their versions, instances and sessions, and what external runners report of runs."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from executions import policy
from executions.admin.access import Looking
from executions.admin.belonging import InstanceAdmin, VersionAdmin
from executions.admin.definitions import Writing
from executions.admin.rendering import (
    json_field,
    link,
    link_field,
    list_link,
    text_block,
    text_field,
)
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
    """An agent's text is written on a page of its own."""

    prefix, page = "agt", "agent"
    visible = staticmethod(policy.visible_agents)
    list_select_related = ("owner", "head_version__agent")
    search_help_text = "A public id (agt-…), the beginning of a slug, or part of a name"
    links = (*Writing.links, "page_link", "sessions_link", "executions_link")
    changed = (*Writing.changed, "status_updated_at")

    @staticmethod
    def apply(
        text: str, actor: User, opened: Opened | None, visibility: str, message: str
    ) -> tuple[Agent, str]:
        applied = apply_agent(text, actor, visibility=visibility, opened=opened, message=message)
        return applied.agent, applied.result

    @admin.display(description="versions")
    def versions_link(self, agent: Agent) -> SafeString:
        return list_link(AgentVersion, "All versions", agent__id__exact=agent.pk)

    @admin.display(description="sessions")
    def sessions_link(self, agent: Agent) -> SafeString:
        return list_link(Session, "All sessions", agent__id__exact=agent.pk)

    @admin.display(description="executions")
    def executions_link(self, agent: Agent) -> SafeString:
        return list_link(Execution, "All executions", agent__id__exact=agent.pk)


class OfAgent:
    """The road of what belongs to an agent."""

    road = "agent"
    visible = staticmethod(policy.visible_agents)
    agent_link = link_field("agent")


@admin.register(AgentVersion)
class AgentVersionAdmin(OfAgent, VersionAdmin):
    list_display = ("agent", "number", "message", "created_by", "created_at")
    list_select_related = ("agent", "created_by")
    search_fields = ("agent__slug__startswith", "digest__startswith")
    fields = (
        "public_id",
        "agent_link",
        "number",
        "message",
        "digest",
        "created_by",
        "created_at",
        "source_text",
        "document_json",
    )


@admin.register(AgentInstance)
class AgentInstanceAdmin(OfAgent, InstanceAdmin):
    list_display = ("slug", "agent", "description", "created_at")
    list_select_related = ("agent",)
    search_fields = ("slug__startswith", "agent__slug__startswith")
    raw_id_fields = ("agent",)


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
    """The reports of external runners beside the phase; our own runs have them in their steps."""

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
        "error_text",
        "started_at",
        "completed_at",
    )

    arguments_json, result_json = json_field("arguments"), json_field("result")
    error_text = text_field("error")
