"""When a notice is sent: at once, unless the same was told just now, or many were."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Max
from django.utils import timezone

from executions.models import Channel, PersonalSettings, Rhythm
from executions.models.personal_settings import BROWSER

# Failures that come together are gathered for so long, then told; the same again not before QUIET.
GATHERED = timedelta(seconds=5)
QUIET = timedelta(minutes=10)
# After so many messages within QUIET what is more waits, and is told in one.
MANY = 5
MORNING = 8


class Pace:
    """When notices may be sent that are all written now: what was told of one group is asked of the
    database once.
    """

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._known: dict[tuple[uuid.UUID, str], datetime] = {}

    def due_at(self, channel: Channel, group: str, *, is_asking: bool) -> datetime:
        """When a notice of this group may be sent. ``is_asking``: a person is waited for."""
        key = channel.pk, group
        if key not in self._known:
            self._known[key] = _not_before(channel, group, self._now)
        is_at_once = is_asking or channel.rhythm != Rhythm.AT_ONCE
        return max(self._now if is_at_once else self._now + GATHERED, self._known[key])


def _not_before(channel: Channel, group: str, now: datetime) -> datetime:
    """The verdict of the channel's rhythm, and what it was told just now."""
    if channel.rhythm == Rhythm.HOURLY:
        return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    if channel.rhythm == Rhythm.DAILY:
        return _morning(now.astimezone(_zone(channel)))
    sent = channel.sendings.filter(sent_at__gt=now - QUIET)
    first = now
    last = sent.filter(group=group).order_by("-sent_at").values_list("sent_at", flat=True).first()
    if last is not None:
        first = max(first, last + QUIET)
    parcels = sent.exclude(parcel=None).order_by().values("parcel").annotate(at=Max("sent_at"))
    newest = list(parcels.order_by("-at").values_list("at", flat=True)[:MANY])
    if len(newest) == MANY:
        first = max(first, newest[-1] + QUIET)
    return first


def _morning(local: datetime) -> datetime:
    morning = local.replace(hour=MORNING, minute=0, second=0, microsecond=0)
    return morning if morning > local else morning + timedelta(days=1)


def _zone(channel: Channel) -> ZoneInfo:
    """Of the person, else of the installation."""
    if channel.owner is not None:
        name = PersonalSettings.objects.of(channel.owner).time_zone
        if name != BROWSER:
            return ZoneInfo(name)
    return ZoneInfo(str(timezone.get_default_timezone()))
