"""The load of the workers and the queue, noted once a minute by the sweep: no step pays for it."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import Now

from executions import clock
from executions.models import Execution, Load, Process
from executions.models.load import KEPT
from executions.states import Phase

# More that wait are not counted.
MOST_COUNTED = 10_000


def of_this_minute() -> QuerySet[Load]:
    """The load of the minute that is under way, where it was noted."""
    return Load.objects.filter(at__gt=Now() - timedelta(minutes=1))


def note() -> bool:
    """Whether this minute was not noted yet; what is older than a day is forgotten."""
    now = clock.now()
    at = now.replace(second=0, microsecond=0)
    if Load.objects.filter(at=at).exists():
        return False
    driven = Count("executions", filter=Q(executions__phase=Phase.IN_PROGRESS))
    living = Process.objects.living().driving().order_by("started_at").annotate(driven=driven)
    held = {key: (slots, runs) for key, slots, runs in living.values_list("pk", "slots", "driven")}
    due = Execution.objects.due().reachable()
    oldest = due.aggregate(at=Min("wake_at"))["at"]
    load = Load(
        at=at,
        slots=sum(slots for slots, _ in held.values()),
        held=sum(runs for _, runs in held.values()),
        waiting=due.order_by()[:MOST_COUNTED].count(),
        oldest_seconds=max(0.0, (now - oldest).total_seconds()) if oldest else 0.0,
        of_workers={key.hex: runs for key, (_, runs) in held.items()},
    )
    Load.objects.bulk_create([load], ignore_conflicts=True)
    Load.objects.filter(at__lt=now - KEPT).delete()
    return True
