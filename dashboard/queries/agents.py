"""Agents, and the runs of one."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import User
from django.db.models import OuterRef, Q

from executions import policy
from executions.models import Agent, AgentVersion, Execution, Session

MOST = 500
LATEST = 10
_LARGE = ("head_version__source", "head_version__document")


def page(user: User, text: str = "") -> list[Agent]:
    """The agents that this person may see, by name."""
    rows = policy.visible_agents(user).select_related("head_version", "owner").defer(*_LARGE)
    if text:
        rows = rows.filter(
            Q(slug__icontains=text) | Q(name__icontains=text) | Q(description__icontains=text)
        )
    return list(rows.order_by("slug")[:MOST])


def one(user: User, agent_id: uuid.UUID) -> Agent | None:
    rows = policy.visible_agents(user).select_related("head_version", "owner")
    return rows.filter(pk=agent_id).first()


def versions(agent: Agent) -> list[AgentVersion]:
    """Newest first, without their texts."""
    rows = AgentVersion.objects.filter(agent=agent).select_related("created_by")
    return list(rows.defer("source", "document").order_by("-number")[:100])


def version(agent: Agent, number: int) -> AgentVersion | None:
    rows = AgentVersion.objects.filter(agent=agent, number=number)
    return rows.select_related("created_by").first()


def latest_executions(user: User, agent: Agent) -> list[Execution]:
    rows = policy.visible_executions(user).filter(agent=agent).select_related("owner", "agent")
    return list(rows.defer("input", "output", "error").order_by("-id")[:LATEST])


def latest_sessions(user: User, agent: Agent) -> list[tuple[Session, Execution]]:
    """The newest conversations with it, each with its newest run."""
    sessions = policy.visible_sessions(user).filter(agent=agent).select_related("owner")
    newest = Execution.objects.filter(session=OuterRef("pk")).order_by("-id").values("pk")[:1]
    found = list(sessions.annotate(newest=newest).exclude(newest=None).order_by("-id")[:LATEST])
    keys = [session.newest for session in found]
    rows = Execution.objects.filter(pk__in=keys).select_related("owner", "agent")
    runs = {row.pk: row for row in rows.defer("input", "output", "error")}
    return [(session, runs[session.newest]) for session in found if session.newest in runs]
