"""The inbox of one user, as pages show it; what is new in it: ``executions.live.inbox``.

Notices that are alike (one event, one workflow, one cause) are one row.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    F,
    Max,
    Q,
    UUIDField,
    Value,
    When,
)
from django.db.models.functions import Cast
from django.utils.translation import gettext_noop as N_

from executions import clock, policy
from executions.live.inbox import with_events
from executions.models import Notification
from executions.models.notification import (
    CALLING,
    CONSENTS,
    DECISIONS,
    FAILURES,
    QUESTIONS,
    SILENCE,
    NotificationQuerySet,
    settled,
    stands,
)

PAGE = 50
LOOKED_AT = 5_000
# The choices of what is shown, by the words of the address.
SHOWN = {"": N_("Open"), "unread": N_("Unread"), "all": N_("All")}
ABOUT = {
    "": N_("Everything"),
    "failures": N_("Failures"),
    "questions": N_("Questions and decisions"),
    "news": N_("What others did"),
}
_ABOUT = {
    "failures": Q(event__name__in=(*FAILURES, *SILENCE)),
    "questions": Q(event__name__in=(*QUESTIONS, *DECISIONS, *CONSENTS)),
    "news": ~Q(event__name__in=CALLING),
}
_ALIKE = (
    "event__name",
    "event__execution__cause",
    "event__execution__workflow",
    "event__execution__agent",
    "alone",
    "is_settled",
)


@dataclass(frozen=True, slots=True)
class Row:
    """Notices that are alike: the newest, how many there are, how many of them are unread."""

    newest: Notification
    count: int
    unread: int
    is_settled: bool

    @property
    def others(self) -> int:
        return self.count - 1


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters of the inbox; an empty text stands for the usual one."""

    show: str = ""
    about: str = ""


def filters_of(sent: Any) -> Filters:
    """Those of an address; what is unknown is as if it were not there."""
    show, about = sent.get("show", ""), sent.get("about", "")
    return Filters(show if show in SHOWN else "", about if about in ABOUT else "")


def unread_count(user_id: int) -> int:
    """How many notifications this user has not read, of what is not settled."""
    return Notification.objects.unread().filter(user_id=user_id).count()


def page(
    user_id: int, filters: Filters = Filters(), before: uuid.UUID | None = None
) -> tuple[Sequence[Row], bool]:
    """One page of a user's inbox, newest first, and whether there is more."""
    rows = _grouped(_asked(_of(user_id), filters))
    if before is not None:
        rows = rows.filter(newest__lt=Cast(Value(before, UUIDField()), CharField()))
    groups = list(rows.order_by("-newest")[: PAGE + 1])
    keys = [uuid.UUID(row["newest"]) for row in groups[:PAGE]]
    by_key = with_events(Notification.objects.filter(pk__in=keys)).in_bulk()
    made = [
        Row(by_key[key], row["count"], row["unread"], row["is_settled"])
        for key, row in zip(keys, groups, strict=False)
        if key in by_key
    ]
    return made, len(groups) > PAGE


def _of(user_id: int) -> NotificationQuerySet:
    """The newest of this user: so many are looked at."""
    rows = Notification.objects.filter(user_id=user_id)
    return Notification.objects.filter(pk__in=rows.order_by("-pk").values("pk")[:LOOKED_AT])


def _asked(rows: NotificationQuerySet, filters: Filters) -> NotificationQuerySet:
    """An open notice was not read, or still wants somebody."""
    if filters.show == "unread":
        rows = rows.unread()
    elif filters.show == "":
        rows = rows.filter(Q(read_at=None) | stands())
    return rows.filter(_ABOUT[filters.about]) if filters.about else rows


def _grouped(rows: NotificationQuerySet) -> Any:
    # A question is never like another one.
    by_itself = When(event__name__in=(*QUESTIONS, *DECISIONS, *CONSENTS), then=F("event_id"))
    return (
        rows.order_by()
        .judged()
        .annotate(alone=Case(by_itself, default=Value(0), output_field=BigIntegerField()))
        .values(*_ALIKE)
        .annotate(
            count=Count("pk"),
            unread=Count("pk", filter=Q(read_at=None)),
            # As text, which every database can compare; the keys are ordered by time.
            newest=Max(Cast("pk", CharField())),
        )
    )


def seen_by(user: policy.Person, rows: Sequence[Notification]) -> frozenset[uuid.UUID]:
    """The runs of these notifications that this person may see; who is asked may not see them."""
    ids = {row.event.execution_id for row in rows}
    seen = policy.visible_executions(user).filter(pk__in=ids)
    return frozenset(seen.values_list("pk", flat=True)) if ids else frozenset()


def mark_read(user_id: int, notification_id: uuid.UUID | None = None) -> int:
    """Mark one notification of this user, and those that are alike, as read; or all of them.

    Answers how many were unread before.
    """
    rows = Notification.objects.not_read().filter(user_id=user_id)
    if notification_id is not None:
        one = Notification.objects.filter(user_id=user_id, pk=notification_id)
        notification = one.select_related("event__execution").first()
        rows = rows.none() if notification is None else rows.filter(_like(notification))
    return rows.update(read_at=clock.now())


def _like(row: Notification) -> Q:
    event = row.event
    if event.name in (*QUESTIONS, *DECISIONS, *CONSENTS):
        return Q(pk=row.pk)
    run = event.execution
    return Q(
        event__name=event.name,
        event__execution__cause=run.cause,
        event__execution__workflow=run.workflow_id,
        event__execution__agent=run.agent_id,
    )


def mark_seen(user_id: int, execution_id: uuid.UUID) -> None:
    """A person who opens a run has seen its notices."""
    rows = Notification.objects.not_read().filter(user_id=user_id, event__execution=execution_id)
    # Most runs that are opened have none: nothing is written then.
    keys = list(rows.values_list("pk", flat=True))
    if keys:
        Notification.objects.filter(pk__in=keys).update(read_at=clock.now())


def mark_settled(user_id: int) -> None:
    """A notice of something mended has said so once; then it leaves."""
    rows = Notification.objects.not_read().filter(settled(), user_id=user_id)
    keys = list(rows.values_list("pk", flat=True))
    if keys:
        Notification.objects.filter(pk__in=keys).update(read_at=clock.now())
