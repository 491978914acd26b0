"""The inbox of one user, and what is new in it.

The inbox counts in milliseconds: a notification's id is a UUIDv7 that begins with the moment it was made. Ids may
commit out of order, so whoever resumes after N looks ``OVERLAP_MS`` further back, and pages drop what they have shown.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Sequence

from django.db.models import Count, QuerySet

from executions import clock
from executions.models import Notification

OVERLAP_MS = 5_000
PAGE = 50
MOST_TOASTS = 20


def now_seq() -> int:
    return time.time_ns() // 1_000_000


def seq_of(notification: Notification) -> int:
    return notification.pk.int >> 80


def _after(seq: int) -> uuid.UUID:
    return uuid.UUID(int=max(0, seq - OVERLAP_MS) << 80)


def unread_count(user_id: int) -> int:
    return Notification.objects.unread().filter(user_id=user_id).count()


def unread_counts(user_ids: Iterable[int]) -> dict[int, int]:
    """Unread notifications of each of these users; users without any are left out."""
    rows = Notification.objects.unread().filter(user_id__in=list(user_ids)).order_by()
    return {row["user_id"]: row["many"] for row in rows.values("user_id").annotate(many=Count("id"))}


def newer(user_ids: Iterable[int], seq: int) -> list[Notification]:
    """Unread notifications of these users made after ``seq`` (with overlap), oldest first, a bounded number."""
    rows = _told(Notification.objects.unread()).filter(user_id__in=list(user_ids), id__gt=_after(seq))
    return list(reversed(rows.order_by("-id")[:MOST_TOASTS]))


def page(user_id: int, before: uuid.UUID | None = None) -> tuple[Sequence[Notification], bool]:
    """One page of a user's inbox, newest first, and whether there is more."""
    rows = _told(Notification.objects.filter(user_id=user_id))
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = list(rows.order_by("-id")[: PAGE + 1])
    return found[:PAGE], len(found) > PAGE


def mark_read(user_id: int, notification_id: uuid.UUID | None = None) -> int:
    """Mark one notification of this user as read, or all of them. Answers how many were unread before."""
    rows = Notification.objects.unread().filter(user_id=user_id)
    if notification_id is not None:
        rows = rows.filter(pk=notification_id)
    return rows.update(read_at=clock.now())


def _told(rows: QuerySet[Notification]) -> QuerySet[Notification]:
    return rows.select_related("event", "event__execution", "event__actor").defer(
        "event__execution__input", "event__execution__output", "event__execution__error"
    )
