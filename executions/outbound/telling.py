"""Finding what inboxes got, and writing a message of it for each channel that wants it.

A channel of the server hears of everybody's runs: a cursor over the journal's events finds them. A
person's own hears what their inbox got: a cursor over the notifications. Both look again at what is
young, as numbers are given in one order and committed in another; what was written before has a
key that the channel knows.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from executions import clock
from executions.journal.events import EventName, Told
from executions.live.inbox import now_seq
from executions.models import Channel, Event, Notification, Schedule, Sending
from executions.models.transactions import atomic
from executions.outbound import cursors, pacing, wording
from executions.outbound.kinds.table import OF_NOTICES

TURN = "notices"
OF_INBOXES = "notices of inboxes"
MOST = 500
# Somebody has to act on these; what is told of the others is what they became.
ASKING = frozenset({EventName.ASKED, EventName.NEEDS_DECISION, EventName.LATE_ANSWER})
FAILING = frozenset({EventName.STEP_FAILED, EventName.RECOVERY_FAILED})
TYPES = tuple(
    str(event)
    for event in EventName
    if event.words.told is not Told.NOBODY or event is EventName.ASKED
)
Call = Callable[[Callable[[], Any]], Any]
_HEAVY = ("input", "output", "error")


@dataclass(frozen=True, slots=True)
class News:
    """An event for one channel."""

    channel: Channel
    event: Event
    is_reminder: bool = False

    @property
    def key(self) -> str:
        return f"e{self.event.pk}{'.again' if self.is_reminder else ''}"


def channels() -> list[Channel]:
    """Those that hear notices."""
    return list(Channel.objects.active().filter(kind__in=OF_NOTICES).select_related("owner"))


def rest() -> None:
    """Nobody hears."""
    cursors.forget(TURN, OF_INBOXES)


class Teller:
    """The young rows that one process has looked at already."""

    def __init__(self) -> None:
        self._events: set[int] = set()
        self._notifications: set[uuid.UUID] = set()

    def tell(self, call: Call, heard: Sequence[Channel]) -> bool:
        """Write the messages of what is new for these; whether there may be more."""
        if not heard:
            return False
        of_server = [channel for channel in heard if channel.owner is None]
        of_people = [channel for channel in heard if channel.owner is not None]
        more = call(partial(self._of_server, of_server)) if of_server else False
        return (call(partial(self._of_people, of_people)) if of_people else False) or more

    def _of_server(self, heard: Sequence[Channel]) -> bool:
        cursor = cursors.of_events(TURN)
        young = Event.objects.filter(pk__gt=cursor, name__in=TYPES)
        keys = set(young.values_list("pk", flat=True))
        self._events &= keys
        new = sorted(keys - self._events)[:MOST]
        rows = _with_runs(Event.objects.filter(pk__in=new))
        _write([News(channel, event) for event in rows for channel in heard])
        self._events.update(new)
        if len(new) == MOST:
            return True
        cursors.move_on(TURN, cursor)
        return False

    def _of_people(self, heard: Sequence[Channel]) -> bool:
        by_owner: dict[int, list[Channel]] = {}
        for channel in heard:
            by_owner.setdefault(channel.owner_id or 0, []).append(channel)
        cursor = cursors.of_moments(OF_INBOXES)
        after = uuid.UUID(int=max(0, cursor - cursors.OVERLAP_MS) << 80)
        young = Notification.objects.filter(pk__gt=after, user__in=by_owner)
        keys = set(young.values_list("pk", flat=True))
        self._notifications &= keys
        new = sorted(keys - self._notifications)[:MOST]
        rows = (
            Notification.objects.filter(pk__in=new)
            .order_by("pk")
            .values_list("user", "event", "is_reminder")
        )
        notices = list(rows)
        events = {
            row.pk: row
            for row in _with_runs(Event.objects.filter(pk__in=[e for _, e, _ in notices]))
        }
        _write(
            [
                News(channel, events[event], is_reminder)
                for user, event, is_reminder in notices
                for channel in by_owner[user]
                if event in events
            ]
        )
        self._notifications.update(new)
        if len(new) == MOST:
            return True
        cursors.move_to(OF_INBOXES, now_seq())
        return False


def of_schedule(schedule: Schedule) -> None:
    """Tell that it was paused before it started a run, in the transaction that is open: the
    channels of its owner, and those of the server. There is no run whose event would say so.
    """
    name = str(EventName.SCHEDULE_PAUSED)
    heard = [
        channel
        for channel in channels()
        if channel.owner_id in (None, schedule.owner_id)
        and channel.wants(name)
        and channel.is_about(schedule.subject.public_id)
    ]
    group, paced = f"{name}:{schedule.public_id}", pacing.Pace(clock.now())
    body = wording.of_schedule(schedule)
    rows = [
        Sending(
            channel=channel,
            key=f"{schedule.pk.hex}.{body['at']}",
            type=name,
            group=group,
            due_at=paced.due_at(channel, group, is_asking=False),
            body=body,
        )
        for channel in heard
    ]
    Sending.objects.bulk_create(rows, ignore_conflicts=True)


def _with_runs(rows: Any) -> Any:
    heavy = [f"execution__{name}" for name in _HEAVY]
    return (
        rows.select_related("execution__workflow", "execution__agent").defer(*heavy).order_by("pk")
    )


def _write(news: Iterable[News]) -> None:
    """One transaction; what a channel has already is left as it is."""
    wanted = [each for each in news if _is_wanted(each)]
    if not wanted:
        return
    written = set(
        Sending.objects.filter(
            channel__in={each.channel.pk for each in wanted}, key__in={each.key for each in wanted}
        ).values_list("channel", "key")
    )
    fresh = [each for each in wanted if (each.channel.pk, each.key) not in written]
    paced = pacing.Pace(clock.now())
    with atomic():
        rows = [_sending(each, paced) for each in fresh]
        Sending.objects.bulk_create(rows, ignore_conflicts=True)


def _is_wanted(news: News) -> bool:
    channel, event = news.channel, news.event
    return (
        event.created_at >= channel.hears_from
        and channel.wants(event.name)
        and channel.is_about(event.execution.subject.public_id)
    )


def _sending(news: News, paced: pacing.Pace) -> Sending:
    event, group = news.event, group_of(news.event)
    return Sending(
        channel=news.channel,
        execution=event.execution,
        key=news.key,
        type=event.name,
        group=group,
        due_at=paced.due_at(news.channel, group, is_asking=event.name in ASKING),
        body=wording.notice(event, is_reminder=news.is_reminder),
    )


def group_of(event: Event) -> str:
    """Notices that are told together: failures of one cause; of anything else the news of one
    workflow; a question by itself.
    """
    if event.name in ASKING:
        return f"e{event.pk}"
    if event.name in FAILING and event.execution.cause:
        return f"cause:{event.execution.cause}"
    return f"{event.name}:{event.execution.subject.public_id}"
