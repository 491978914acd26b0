"""Sending what waits for a channel: at least once, and of each run in its order.

A message that was not taken is tried again later, and later ones of its run wait for it. It is
given up after many tries or days. Where tries fail one after the other, whatever they are, the
channel rests: one message then tries whether it is heard again.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from django.db.models import F
from django.db.models.functions import Now

from executions import clock
from executions.calls.http.posting import Posted
from executions.errors import Refused
from executions.models import Channel, Sending
from executions.models.channel import DEAD_KEPT, SENT_KEPT
from executions.models.transactions import atomic
from executions.outbound.kinds.table import KINDS

AT_ONCE = 8
LOOKED_AT = 200
MOST_TRIES = 20
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
    """What became of one try."""

    sending: Sending
    posted: Posted


def due() -> list[uuid.UUID]:
    """The channels that may be sent something now."""
    rows = Sending.objects.waiting().filter(due_at__lte=Now()).values("channel")
    channels = Channel.objects.active().filter(pk__in=rows)
    return list(channels.exclude(rests_until__gt=Now()).values_list("pk", flat=True))


def send_some(call: Call, channel_id: uuid.UUID) -> bool:
    """Try what is at the head of each run's line; whether there may be more now."""
    found = call(partial(_heads, channel_id))
    if found is None:
        return False
    channel, rows = found
    results = _sent(channel, rows)
    call(partial(_write, channel, results))
    return any(not result.posted.problem for result in results)


def _heads(channel_id: uuid.UUID) -> tuple[Channel, list[Sending]] | None:
    """The first message of each run, where its time has come; one alone where the channel is only
    tried.
    """
    channel = Channel.objects.active().exclude(rests_until__gt=Now()).filter(pk=channel_id).first()
    if channel is None:
        return None
    waiting = channel.sendings.waiting()
    held = waiting.filter(due_at__gt=Now()).values("execution")
    rows: dict[Any, Sending] = {}
    for row in waiting.exclude(execution__in=held).order_by("pk")[:LOOKED_AT]:
        rows.setdefault(row.execution_id or row.pk, row)
    most = 1 if channel.failures >= FAILURES else AT_ONCE
    return channel, list(rows.values())[:most]


def _sent(channel: Channel, rows: Sequence[Sending]) -> list[Result]:
    """All at the same time, each within the seconds that its kind gives it."""
    results: list[Result] = []
    tries: dict[Future[Posted], Sending] = {}
    for row in rows:
        try:
            tries[KINDS[channel.kind].send(channel, row)] = row
        except Refused as problem:
            results.append(Result(row, Posted(None, problem.text)))
    wait(tries)
    return results + [Result(row, future.result()) for future, row in tries.items()]


def _write(channel: Channel, results: Sequence[Result]) -> None:
    """What became of them, and how the channel stands now: one transaction."""
    if not results:
        return
    taken = [result.sending.pk for result in results if not result.posted.problem]
    with atomic():
        rows = Sending.objects.waiting()
        rows.filter(pk__in=taken).update(sent_at=Now(), tries=F("tries") + 1, problem="")
        failed = [result for result in results if result.posted.problem]
        for result in failed:
            _put_off(result)
        if taken:
            Channel.objects.filter(pk=channel.pk).update(
                sent_at=Now(), failures=0, rests_until=None
            )
            if not failed:
                Channel.objects.filter(pk=channel.pk).update(problem="")
        if failed:
            _note_failures(channel, failed, taken=bool(taken))


def _put_off(result: Result) -> None:
    """Until its next try, or for good."""
    row, problem = result.sending, result.posted.problem[:LONGEST_PROBLEM]
    tries, now = row.tries + 1, clock.now()
    rows = Sending.objects.waiting().filter(pk=row.pk)
    if tries >= MOST_TRIES or now - row.created_at > LONGEST_AGE:
        rows.update(dead_at=now, tries=tries, problem=problem)
        log.warning("a message was given up", sending=row.pk, tries=tries, problem=problem)
        return
    pause = max(back_off(tries), min(result.posted.retry_after or 0.0, LONGEST_WAIT_SECONDS))
    rows.update(due_at=now + timedelta(seconds=pause), tries=tries, problem=problem)


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
        failures = channel.failures + len(failed)
        changes["failures"] = failures
        if failures >= FAILURES:
            rest = min(
                FIRST_REST_SECONDS * 2.0 ** min(failures - FAILURES, 10), LONGEST_REST_SECONDS
            )
            changes["rests_until"] = clock.now() + timedelta(seconds=rest)
            log.warning("a sink rests", sink=channel.name, seconds=rest, problem=last.problem)
    Channel.objects.filter(pk=channel.pk).update(**changes)


def forget() -> int:
    """What was sent long ago, and what was given up very long ago; how many."""
    now = clock.now()
    old = Sending.objects.filter(sent_at__lt=now - SENT_KEPT).order_by("sent_at")
    dead = Sending.objects.dead().filter(dead_at__lt=now - DEAD_KEPT).order_by("dead_at")
    keys = [
        key for rows in (old, dead) for key in rows.values_list("pk", flat=True)[:MOST_FORGOTTEN]
    ]
    return Sending.objects.filter(pk__in=keys).delete()[0] if keys else 0
