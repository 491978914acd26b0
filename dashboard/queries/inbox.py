"""The inbox of one user, as pages show it; what is new in it: ``executions.live.inbox``."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from executions import clock, policy
from executions.live.inbox import with_events
from executions.models import Notification

PAGE = 50


def unread_count(user_id: int) -> int:
    """How many notifications this user has not read."""
    return Notification.objects.unread().filter(user_id=user_id).count()


def page(user_id: int, before: uuid.UUID | None = None) -> tuple[Sequence[Notification], bool]:
    """One page of a user's inbox, newest first, and whether there is more."""
    rows = with_events(Notification.objects.filter(user_id=user_id))
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = list(rows.order_by("-id")[: PAGE + 1])
    return found[:PAGE], len(found) > PAGE


def seen_by(user: policy.Person, rows: Sequence[Notification]) -> frozenset[uuid.UUID]:
    """The runs of these notifications that this person may see; who is asked may not see them."""
    ids = {row.event.execution_id for row in rows}
    seen = policy.visible_executions(user).filter(pk__in=ids)
    return frozenset(seen.values_list("pk", flat=True)) if ids else frozenset()


def mark_read(user_id: int, notification_id: uuid.UUID | None = None) -> int:
    """Mark one notification of this user as read, or all of them.

    Answers how many were unread before.
    """
    rows = Notification.objects.unread().filter(user_id=user_id)
    if notification_id is not None:
        rows = rows.filter(pk=notification_id)
    return rows.update(read_at=clock.now())
