"""Reminders: questions (`call: human`) that nobody has answered are put before people again."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from executions import nudges
from executions.models import Ask, Notification

MOST_PER_SWEEP = 100


def remind() -> int:
    """Put questions whose reminder is due into the inboxes of those who may answer, as unread.

    Returns how many questions that were.
    """
    asks = due().order_by("remind_at").select_related("execution")
    return sum(_remind(ask) for ask in asks[:MOST_PER_SWEEP])


def due() -> QuerySet[Ask]:
    """The questions of which people are to be reminded now."""
    return Ask.objects.open().filter(remind_at__lte=Now())


def _remind(ask: Ask) -> bool:
    """One of several who sweep does it."""
    with transaction.atomic():
        if not Ask.objects.filter(pk=ask.pk, remind_at=ask.remind_at).update(remind_at=None):
            return False
        event = ask.asked_by()
        people = list(ask.those_asked(ask.execution.owner_id).values_list("pk", flat=True))
        Notification.objects.filter(event=event, user__in=people).delete()
        Notification.objects.bulk_create(
            Notification(user_id=key, event=event, is_reminder=True) for key in people
        )
    for key in people:
        nudges.announce(ask.execution_id, event.seq, key)
    return True
