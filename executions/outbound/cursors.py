"""Up to where something was looked at: cursors that stay a minute behind, as numbers are given in
one order and committed in another.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Max
from django.db.models.functions import Now

from executions.live.inbox import now_seq
from executions.models import Event, Turn

OVERLAP = timedelta(seconds=60)
OVERLAP_MS = int(OVERLAP.total_seconds() * 1000)


def of_events(name: str) -> int:
    """The number of the journal's events up to which all was told: at first of those of a while
    ago.
    """
    turn = Turn.objects.get_or_create(name=name)[0]
    if not turn.value:
        before = Event.objects.filter(created_at__lt=Now() - OVERLAP)
        move_to(name, before.aggregate(last=Max("pk"))["last"] or 0)
        turn.refresh_from_db(fields=["value"])
    return int(turn.value)


def move_on(name: str, cursor: int) -> None:
    """Up to what is old enough that nothing before it is still to be committed."""
    old = Event.objects.filter(created_at__lt=Now() - OVERLAP, pk__gt=cursor)
    last = old.aggregate(last=Max("pk"))["last"]
    if last is not None:
        move_to(name, last)


def of_moments(name: str) -> int:
    """The moment, in milliseconds, at which was looked last: at first now."""
    turn = Turn.objects.get_or_create(name=name)[0]
    return int(turn.value) if turn.value else now_seq()


def forget(*names: str) -> None:
    """Nobody hears: whoever is declared next hears from then on."""
    Turn.objects.filter(pk__in=names).exclude(value="").update(value="")


def move_to(name: str, cursor: int) -> None:
    Turn.objects.filter(pk=name).update(value=str(cursor))
