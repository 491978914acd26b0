"""Telling people: an event that lands in an inbox counts as sent once the pages were told of it a
second time, after its commit; a nudge that was lost with its process is made good here.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import QuerySet
from django.db.models.functions import Now

from executions import nudges
from executions.models import Event

AFTER_SECONDS = 1.0
MOST_PER_SWEEP = 500


def send_what_is_unsent() -> int:
    """Announce events that are not marked as sent, oldest first. How many."""
    rows = unsent().order_by("created_at")
    events = list(
        rows.values_list("pk", "execution_id", "seq", "execution__owner_id")[:MOST_PER_SWEEP]
    )
    for _, execution_id, seq, owner_id in events:
        nudges.announce(execution_id, seq, owner_id)
    Event.objects.filter(pk__in=[row[0] for row in events]).update(sent_at=Now())
    return len(events)


def unsent() -> QuerySet[Event]:
    """The events of which nobody was told though it is time."""
    late = Now() - timedelta(seconds=AFTER_SECONDS)
    return Event.objects.filter(sent_at=None, created_at__lt=late)
