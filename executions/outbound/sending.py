"""Sending what waits for a channel: at least once, and of each run in its order.

A message that was not taken is tried again later, and later ones of its run wait for it. It is
given up after many tries or days; one that may have been taken, and would be taken twice, is tried
once more. If tries fail one after the other, whatever they are, the channel rests: one message then
tries whether it is heard again.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from executions import clock
from executions.calls.http.posting import Posted
from executions.errors import Refused
from executions.models import Channel, Sending
from executions.models.channel import DEAD_KEPT, SENT_KEPT
from executions.models.transactions import atomic
from executions.outbound.kinds.table import KINDS, OF_EVENTS
from executions.outbound.parcels import Parcel, gathered, heads
from executions.secrets import addresses

AT_ONCE = 8
MOST_TRIES = 20
MOST_DOUBTS = 1
LONGEST_AGE = timedelta(days=3)
FIRST_WAIT_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 6 * 3600.0
# The breaker: after so many failures in a row, for how long at first and at most.
FAILURES = 5
FIRST_REST_SECONDS = 15.0
LONGEST_REST_SECONDS = 900.0
GONE = 410
MOST_FORGOTTEN = 1_000
LONGEST_PROBLEM = 500
Call = Callable[[Callable[[], Any]], Any]
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one try."""

    parcel: Parcel
    posted: Posted


def due() -> list[tuple[uuid.UUID, str]]:
    """The channels that may be sent something now, with their kinds."""
    rows = Sending.objects.waiting().filter(due_at__lte=Now()).values("channel")
    channels = Channel.objects.active().filter(pk__in=rows, kind__in=KINDS)
    return list(channels.exclude(rests_until__gt=Now()).values_list("pk", "kind"))


def send_some(call: Call, channel_id: uuid.UUID) -> bool:
    """Try what is at the head of the line; whether there may be more now."""
    found = call(partial(_parcels, channel_id))
    if found is None:
        return False
    channel, parcels = found
    results = _sent(channel, parcels)
    call(partial(_write, channel, results))
    return any(not result.posted.problem for result in results)


def _parcels(channel_id: uuid.UUID) -> tuple[Channel, list[Parcel]] | None:
    """The parcels that are tried now; one alone where the channel is only tried."""
    rows = Channel.objects.active().exclude(rests_until__gt=Now()).select_related("owner")
    channel = rows.filter(pk=channel_id, kind__in=KINDS).first()
    if channel is None:
        return None
    most = 1 if channel.failures >= FAILURES else AT_ONCE
    if channel.kind in OF_EVENTS:
        return channel, heads(channel, most)
    with atomic():
        return channel, gathered(channel, most)


def _sent(channel: Channel, parcels: Sequence[Parcel]) -> list[Result]:
    """All at the same time, each within the seconds that its kind gives it."""
    results: list[Result] = []
    tries: dict[Future[Posted], Parcel] = {}
    for parcel in parcels:
        try:
            tries[KINDS[channel.kind].send(channel, parcel)] = parcel
        except Refused as problem:
            results.append(Result(parcel, Posted(None, problem.text)))
    wait(tries)
    for future, parcel in tries.items():
        posted = future.result()
        said = addresses.without(posted.problem, channel.address)
        results.append(Result(parcel, replace(posted, problem=said)))
    return results


def _write(channel: Channel, results: Sequence[Result]) -> None:
    """The results, and how the channel stands now: one transaction."""
    if not results:
        return
    failed = [result for result in results if result.posted.problem]
    taken = [result for result in results if not result.posted.problem]
    with atomic():
        for result in taken:
            result.parcel.messages().update(sent_at=Now(), tries=F("tries") + 1, problem="")
        for result in failed:
            _put_off(result)
        own = Channel.objects.filter(pk=channel.pk)
        if taken:
            own.update(sent_at=Now())
            _of_target(channel).update(failures=0, rests_until=None)
            if not failed:
                own.update(problem="")
        if failed:
            _note_failures(channel, failed, taken=bool(taken))


def _of_target(channel: Channel) -> QuerySet[Channel]:
    """The channels that speak to the same server: they rest together."""
    rows = Channel.objects.all()
    return (
        rows.filter(kind=channel.kind)
        if KINDS[channel.kind].is_shared
        else rows.filter(pk=channel.pk)
    )


def _put_off(result: Result) -> None:
    """Until its next try, or for good."""
    row, posted = result.parcel.first, result.posted
    problem = posted.problem[:LONGEST_PROBLEM]
    tries, doubts, now = row.tries + 1, row.doubts + posted.is_doubtful, clock.now()
    rows = result.parcel.messages()
    is_over = posted.is_final or doubts > MOST_DOUBTS
    if is_over or tries >= MOST_TRIES or now - row.created_at > LONGEST_AGE:
        rows.update(dead_at=now, tries=tries, doubts=doubts, problem=problem)
        log.warning("a message was given up", sending=row.pk, tries=tries, problem=problem)
        return
    pause = max(back_off(tries), min(posted.retry_after or 0.0, LONGEST_WAIT_SECONDS))
    due_at = now + timedelta(seconds=pause)
    rows.update(due_at=due_at, tries=tries, doubts=doubts, problem=problem)


def back_off(tries: int, chance: Callable[[], float] = random.random) -> float:
    """Seconds until the next try: doubled each time, and spread."""
    wait_seconds = min(FIRST_WAIT_SECONDS * 2.0 ** (tries - 1), LONGEST_WAIT_SECONDS)
    return wait_seconds * (0.75 + 0.5 * chance())


def _note_failures(channel: Channel, failed: Sequence[Result], *, taken: bool) -> None:
    last = failed[-1].posted
    changes: dict[str, Any] = {"problem": last.problem[:LONGEST_PROBLEM]}
    if any(result.posted.status == GONE for result in failed):
        changes |= {"is_active": False}
        log.warning("a sink is gone and was turned off", sink=channel.name)
    elif not taken:
        _rest(channel, [result.posted for result in failed if not result.posted.is_about_one])
    Channel.objects.filter(pk=channel.pk).update(**changes)


def _rest(channel: Channel, failed: Sequence[Posted]) -> None:
    """Nothing is tried for a while where tries failed one after the other."""
    if not failed:
        return
    failures = channel.failures + len(failed)
    changes: dict[str, Any] = {"failures": failures}
    if failures >= FAILURES:
        rest = min(FIRST_REST_SECONDS * 2.0 ** min(failures - FAILURES, 10), LONGEST_REST_SECONDS)
        changes["rests_until"] = clock.now() + timedelta(seconds=rest)
        log.warning("a sink rests", sink=channel.name, seconds=rest, problem=failed[-1].problem)
    _of_target(channel).update(**changes)


def forget() -> int:
    """Forgets parcels that were sent long ago, or given up very long ago; how many."""
    now = clock.now()
    old = Sending.objects.filter(sent_at__lt=now - SENT_KEPT).order_by("sent_at")
    dead = Sending.objects.dead().filter(dead_at__lt=now - DEAD_KEPT).order_by("dead_at")
    keys = [
        key for rows in (old, dead) for key in rows.values_list("pk", flat=True)[:MOST_FORGOTTEN]
    ]
    return Sending.objects.filter(pk__in=keys).delete()[0] if keys else 0
