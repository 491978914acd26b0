"""Sending what waits for a channel: at least once, and of each run in its order.

A message that was not taken is tried again later, and later ones of its run wait for it. It is
given up after many tries or days; one that may have been taken, and would be taken twice, is tried
once more. If tries fail one after the other, whatever they are, the channel rests: one message then
tries whether it is heard again. All channels to a server at which nobody answers rest together, and
one of them tries.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from django.db.models import F, Max, QuerySet
from django.db.models.functions import Now

from executions import clock
from executions.calls.http.posting import Posted
from executions.errors import Refused
from executions.models import Channel, Sending
from executions.models.channel import DEAD_KEPT, SENT_KEPT
from executions.models.transactions import atomic
from executions.outbound import reaching
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
    candidates = list(channels.exclude(rests_until__gt=Now()))
    held_back = _held_back(candidates)
    return [(row.pk, row.kind) for row in candidates if row.pk not in held_back]


def _held_back(channels: Sequence[Channel]) -> set[uuid.UUID]:
    """Of the channels to a server that did not answer one tries for all of them: that which has
    waited longest, so that no other one always tries before it.
    """
    beside: dict[str, list[uuid.UUID]] = {}
    for row in channels:
        if row.target_failures >= FAILURES:
            target = row.kind if KINDS[row.kind].is_shared else row.target
            beside.setdefault(target, []).append(row.pk)
    held_back: set[uuid.UUID] = set()
    for keys in beside.values():
        if len(keys) > 1:
            waiting = Sending.objects.waiting().filter(channel__in=keys, due_at__lte=Now())
            oldest = waiting.order_by("due_at", "pk").values_list("channel", flat=True).first()
            held_back |= set(keys) - {oldest}
    return held_back


def send_some(call: Call, channel_id: uuid.UUID) -> bool:
    """Try what is at the head of the line; whether there may be more now."""
    batch = call(partial(_parcels, channel_id))
    if batch is None:
        return False
    channel, parcels = batch
    try:
        named = channel.address_secrets
        reached = call(partial(reaching.reached, channel)) if named else channel
    except Refused as refused:
        results = [Result(parcel, Posted(None, refused.text)) for parcel in parcels]
    else:
        results = _sent(reached, parcels)
    call(partial(_write, channel, results))
    return any(not result.posted.problem for result in results)


def _parcels(channel_id: uuid.UUID) -> tuple[Channel, list[Parcel]] | None:
    """The parcels that are tried now; one alone where the channel is only tried."""
    rows = Channel.objects.active().exclude(rests_until__gt=Now()).select_related("owner")
    channel = rows.filter(pk=channel_id, kind__in=KINDS).first()
    if channel is None:
        return None
    is_tried = max(channel.failures, channel.target_failures) >= FAILURES
    most = 1 if is_tried else AT_ONCE
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
            own.update(sent_at=Now(), failures=0, rests_until=None)
            if not failed:
                own.update(problem="")
        if not all(_is_of_target(channel, result.posted) for result in results):
            _note_answer(channel)
        if failed:
            _note_failures(channel, [result.posted for result in failed], taken=bool(taken))


def _is_of_target(channel: Channel, posted: Posted) -> bool:
    """Whether it failed as any other channel to the server would have."""
    if not posted.problem or posted.is_about_one:
        return False
    return posted.is_of_target or KINDS[channel.kind].is_shared


def _of_target(channel: Channel) -> QuerySet[Channel]:
    """The channels that speak to the same server: they rest together."""
    if KINDS[channel.kind].is_shared:
        return Channel.objects.filter(kind=channel.kind)
    if channel.target:
        return Channel.objects.filter(target=channel.target)
    return Channel.objects.filter(pk=channel.pk)


def hurry(channel: Channel) -> None:
    """It is tried at once, as if nothing of it had failed; with it the others to its server."""
    own = Channel.objects.filter(pk=channel.pk)
    own.update(failures=0, rests_until=None, problem="")
    _of_target(channel).filter(target_failures__gte=FAILURES).update(rests_until=None)


def _note_answer(channel: Channel) -> None:
    """Somebody answers there: the others that rest with it are tried at once."""
    rows = _of_target(channel).filter(target_failures__gt=0)
    rows.filter(target_failures__gte=FAILURES).exclude(pk=channel.pk).update(problem="")
    rows.update(target_failures=0, rests_until=None)


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


def _note_failures(channel: Channel, failed: Sequence[Posted], *, taken: bool) -> None:
    changes: dict[str, Any] = {"problem": failed[-1].problem[:LONGEST_PROBLEM]}
    if any(posted.status == GONE for posted in failed):
        changes |= {"is_active": False}
        log.warning("a sink is gone and was turned off", sink=channel.name)
    elif not taken:
        _rest(channel, [posted for posted in failed if not posted.is_about_one])
    Channel.objects.filter(pk=channel.pk).update(**changes)


def _rest(channel: Channel, failed: Sequence[Posted]) -> None:
    """Nothing is tried for a while where tries failed one after the other: by this channel, or by
    any to its server where nobody answers there.
    """
    of_target = [posted for posted in failed if _is_of_target(channel, posted)]
    if of_target:
        _rest_all(channel, len(of_target))
    elif failed:
        failures = channel.failures + len(failed)
        changes: dict[str, Any] = {"failures": failures}
        if failures >= FAILURES:
            changes["rests_until"] = _until(failures)
            log.warning("a sink rests", sink=channel.name, problem=failed[-1].problem)
        Channel.objects.filter(pk=channel.pk).update(**changes)


def _rest_all(channel: Channel, number: int) -> None:
    """All channels to the server. Tries that were under way as the rest began make it no longer."""
    rows = _of_target(channel)
    before = rows.aggregate(most=Max("target_failures"))["most"] or 0
    if rows.filter(target_failures__gte=FAILURES, rests_until__gt=Now()).exists():
        return
    failures = min(before + number, FAILURES) if before < FAILURES else before + 1
    rows.update(target_failures=failures)
    if failures >= FAILURES:
        name = channel.target or "the mail server"
        said = f"Nobody answers at {name}: the channels to it rest together, and one of them tries."
        rows.exclude(pk=channel.pk).update(problem=said)
        rows.update(rests_until=_until(failures))
        log.warning("a server rests", target=name, failures=failures)


def _until(failures: int) -> datetime:
    rest = min(FIRST_REST_SECONDS * 2.0 ** min(failures - FAILURES, 10), LONGEST_REST_SECONDS)
    return clock.now() + timedelta(seconds=rest)


def forget() -> int:
    """Forgets parcels that were sent long ago, or given up very long ago; how many."""
    now = clock.now()
    old = Sending.objects.filter(sent_at__lt=now - SENT_KEPT).order_by("sent_at")
    dead = Sending.objects.dead().filter(dead_at__lt=now - DEAD_KEPT).order_by("dead_at")
    keys = [
        key for rows in (old, dead) for key in rows.values_list("pk", flat=True)[:MOST_FORGOTTEN]
    ]
    return Sending.objects.filter(pk__in=keys).delete()[0] if keys else 0
