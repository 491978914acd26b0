"""Refusals in the trail: so many a minute and person, and how many there were beyond, so that
nobody can fill the disk by asking for what is not for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import redis
import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import Error

from executions.audit import entries
from executions.clients.rates import MINUTE_SECONDS, TIMEOUT_SECONDS, buckets
from executions.models import Execution
from executions.redis_client import client

A_MINUTE = 20
UNCOUNTED = "stigmer:refusals"
MORE = "more refusals"
# Of the request that is answered now: whether a refusal was kept already.
_told: ContextVar[list[bool] | None] = ContextVar("refusals", default=None)
log = structlog.get_logger(__name__)


@contextmanager
def of_one_request() -> Iterator[list[bool]]:
    """The refusals of one request are kept once, whoever keeps them; the list is empty where there
    was none.
    """
    refusals: list[bool] = []
    reset = _told.set(refusals)
    try:
        yield refusals
    finally:
        _told.reset(reset)


def refuse(
    verb: str,
    actor: User,
    *,
    execution: Execution | None = None,
    subject: str = "",
    after: dict[str, Any],
    reason: str = "",
) -> None:
    """Keep that a person was refused this; ``after`` says why. A database in trouble refuses nobody
    a refusal.
    """
    if (refusals := _told.get()) is not None:
        refusals.append(True)
    if buckets.take(f"refusal:{actor.pk}", A_MINUTE):
        _count(actor)
        return
    try:
        if execution is not None:
            before = entries.state(execution)
            entries.record(
                verb,
                execution,
                actor,
                outcome=entries.REFUSED,
                before=before,
                after=after,
                reason=reason,
            )
        else:
            entries.record_refusal(verb, subject, actor, after)
    except Error as problem:
        log.warning("a refusal could not be audited", problem=str(problem).strip())


def tell_how_many() -> int:
    """Keep how many refusals there were beyond what was kept; at most once a minute. Called by the
    sweep. For how many people.
    """
    if buckets.take("refusals told", 1, MINUTE_SECONDS):
        return 0
    try:
        with _redis().pipeline() as pipeline:
            pipeline.hgetall(UNCOUNTED)
            pipeline.delete(UNCOUNTED)
            counted = pipeline.execute()[0]
    except redis.RedisError as problem:
        log.warning("refusals are not told yet", problem=str(problem))
        return 0
    people = {str(user.pk): user for user in User.objects.filter(pk__in=[int(k) for k in counted])}
    for key, number in counted.items():
        if (user := people.get(key.decode())) is not None:
            entries.record_refusal(MORE, user.get_username(), user, {"number": int(number)})
    return len(counted)


def _count(actor: User) -> None:
    log.warning("refused, and not kept: too many a minute", user=actor.pk)
    try:
        with _redis().pipeline() as pipeline:
            pipeline.hincrby(UNCOUNTED, str(actor.pk), 1)
            pipeline.execute()
    except redis.RedisError as problem:
        log.warning("a refusal could not be counted", problem=str(problem))


def _redis() -> redis.Redis:
    return client(settings.REDIS_URL, TIMEOUT_SECONDS)
