"""Agents, and the runs of one."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import User
from django.db.models import Q

from executions import policy
from executions.models import Agent, Execution

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


def latest_executions(user: User, agent: Agent) -> list[Execution]:
    rows = policy.visible_executions(user).filter(agent=agent).select_related("owner", "agent")
    return list(rows.defer("input", "output", "error").order_by("-id")[:LATEST])
