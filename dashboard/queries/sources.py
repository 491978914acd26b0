"""Sources of webhooks that a person may see."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import User

from executions import policy
from executions.models import EventSource

MOST = 200


def of(user: User) -> list[EventSource]:
    """The newest first."""
    rows = policy.visible_event_sources(user).select_related("owner")
    return list(rows.order_by("-pk")[:MOST])


def one(user: User, key: uuid.UUID) -> EventSource | None:
    return policy.visible_event_sources(user).select_related("owner").filter(pk=key).first()
