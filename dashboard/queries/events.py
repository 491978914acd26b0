"""Events that a person's runs may hear."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from django.contrib.auth.models import User

from executions import policy
from executions.in_time import in_time
from executions.models import CloudEvent

PAGE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """``is_late``: it took too long."""

    rows: list[CloudEvent] = field(default_factory=list)
    has_more: bool = False
    is_late: bool = False

    @property
    def cursor(self) -> str:
        """The place where the next page begins."""
        return self.rows[-1].public_id if self.rows else ""


def recent(user: User, before: uuid.UUID | None = None) -> Page:
    """The newest first."""
    rows = policy.visible_events(user).counting_who_heard().defer("body")
    rows = rows if before is None else rows.filter(pk__lt=before)
    events = in_time("events", lambda: list(rows.order_by("-pk")[: PAGE + 1]))
    if events is None:
        return Page(is_late=True)
    return Page(events[:PAGE], len(events) > PAGE)
