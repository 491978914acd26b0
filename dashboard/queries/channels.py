"""Channels of notices that a person may see, and what they can be about."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.contrib.auth.models import User

from executions import policy
from executions.models import Channel, Sending
from executions.outbound.kinds.table import KINDS, OF_EVENTS, OF_NOTICES

MOST = 200
SHOWN = 30


@dataclass(frozen=True, slots=True)
class Subject:
    """A workflow or an agent, as it can be chosen."""

    public_id: str
    name: str


def of(user: User) -> list[Channel]:
    """By name; those of the server first."""
    rows = policy.visible_channels(user).filter(kind__in=OF_NOTICES)
    return list(rows.select_related("owner").counting().order_by("owner", "name")[:MOST])


def sinks(user: User) -> list[Channel]:
    """The sinks of lifecycle events, by name: for those who see everybody's runs."""
    rows = policy.visible_channels(user).filter(kind__in=OF_EVENTS)
    return list(rows.counting().order_by("name")[:MOST])


def one(user: User, key: uuid.UUID) -> Channel | None:
    """A channel of notices, or a sink of events."""
    rows = policy.visible_channels(user).filter(kind__in=KINDS, pk=key)
    return rows.select_related("owner").counting().first()


def messages(channel: Channel) -> list[Sending]:
    """The newest of it."""
    return list(channel.sendings.select_related("execution")[:SHOWN])


def subjects(user: User) -> list[Subject]:
    """The workflows and agents whose runs this person may see, by name."""
    visible = [
        Subject(row.public_id, row.name)
        for rows in (policy.visible_workflows(user), policy.visible_agents(user))
        for row in rows.order_by("name")[:MOST]
    ]
    return sorted(visible, key=lambda each: each.name.lower())
