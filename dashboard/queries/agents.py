"""Agents, and the runs of one."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import User
from django.db.models import OuterRef, QuerySet, Subquery

from executions import policy
from executions.mind.messages import added
from executions.models import Agent, AgentVersion, Execution, McpServer, Session
from executions.models.mcp_server import Transport
from executions.models.resource import holding
from executions.states import Phase

MOST = 500
MOST_CHOICES = 200
LATEST = 10
PAGE = 50
# Runs whose usage is added up on the page of an agent.
COUNTED = 50
_VALUES = ("input", "output", "error")
_LARGE = ("head_version__source", "head_version__document")


@dataclass(frozen=True, slots=True)
class Used:
    """The use of so many ``runs``; of ``unknown`` of them the cost is not known."""

    runs: int
    usage: dict[str, int]
    cost: str
    unknown: int


def page(user: User, text: str = "", most: int = MOST) -> list[Agent]:
    """The agents that this person may see, by name."""
    rows = policy.visible_agents(user).select_related("head_version", "owner").defer(*_LARGE)
    return list(rows.filter(holding(text)).order_by("slug")[:most])


def choices(user: policy.Person) -> list[str]:
    """Slugs for the filter of the executions list."""
    rows = policy.visible_agents(user)
    return list(rows.order_by("slug").values_list("slug", flat=True)[:MOST_CHOICES])


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


def commands() -> set[str]:
    """The names of the MCP servers that are commands."""
    return set(McpServer.objects.filter(transport=Transport.STDIO).values_list("name", flat=True))


def used(user: User, agent: Agent) -> Used:
    """The use of an agent's newest completed runs, of those that this person may see."""
    rows = policy.visible_executions(user).filter(agent=agent, phase=Phase.COMPLETED)
    outputs = list(rows.order_by("-id").values_list("output", flat=True)[:COUNTED])
    with_usage = [each for each in outputs if isinstance(each, dict) and each.get("usage")]
    costs = [each.get("cost") for each in with_usage]
    whole = sum((Decimal(str(cost)) for cost in costs if cost is not None), Decimal(0))
    return Used(
        len(with_usage),
        added([each["usage"] for each in with_usage]),
        f"{whole.normalize():f}",
        sum(cost is None for cost in costs),
    )


def latest_executions(user: User, agent: Agent) -> list[Execution]:
    rows = policy.visible_executions(user).filter(agent=agent).select_related("owner", "agent")
    return list(rows.defer(*_VALUES).order_by("-id")[:LATEST])


def latest_sessions(user: User, agent: Agent) -> list[tuple[Session, Execution]]:
    """The newest conversations with it, each with its newest run."""
    return _talks(user, policy.visible_sessions(user).filter(agent=agent), LATEST)


def conversations(
    user: User, before: uuid.UUID | None
) -> tuple[list[tuple[Session, Execution]], bool]:
    """A page of the conversations that this person may see, the newest first, each with its newest
    run; whether there are older ones.
    """
    rows = policy.visible_sessions(user)
    rows = rows if before is None else rows.filter(pk__lt=before)
    talks = _talks(user, rows, PAGE + 1)
    return talks[:PAGE], len(talks) > PAGE


def _talks(user: User, sessions: QuerySet[Session], most: int) -> list[tuple[Session, Execution]]:
    """The newest of these that have a run which this person may see, with the newest of them."""
    visible = policy.visible_executions(user)
    newest = visible.filter(session=OuterRef("pk")).order_by("-id").values("pk")[:1]
    rows = sessions.select_related("owner", "agent").annotate(newest=Subquery(newest))
    recent_sessions = list(rows.exclude(newest=None).order_by("-id")[:most])
    runs = visible.filter(pk__in=[session.newest for session in recent_sessions])
    by_key = {row.pk: row for row in runs.select_related("owner", "agent").defer(*_VALUES)}
    return [
        (session, by_key[session.newest]) for session in recent_sessions if session.newest in by_key
    ]
