"""Log-ins that a lock refused, in the audit trail: two entries for each lock and lock period,
however many they were.

The first one is written at once, the second by the sweep when the period is over, with how many
there were. Meanwhile they are counted in Redis: a guesser who is locked out costs the database next
to nothing, and cannot fill the trail. While Redis is away the first entry is written all the same,
and how many followed is in the log alone.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import redis
import structlog
from django.conf import settings
from django.db import Error

from executions import audit
from executions.accounts.throttle import LOCK_SECONDS
from executions.clients.rates import TIMEOUT_SECONDS, buckets
from executions.models.transactions import atomic
from executions.redis_client import client

PREFIX = "stigmer:refused:"
DUE = "stigmer:refused"
MOST_PER_SWEEP = 100
VERB = "log in"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """``lock`` is what was locked (``name`` for this address, ``address``, or ``busy``: nothing,
    there were too many at once), ``key`` the same for all that it refuses. ``name`` is one that
    somebody has, or says that it is not known.
    """

    lock: str
    key: str
    name: str
    address: str
    door: str


def is_first(key: str) -> bool:
    """Whether this lock refuses for the first time in its period. Asks Redis alone."""
    return not buckets.take(f"audited:{key}", 1, LOCK_SECONDS)


def count(key: str) -> None:
    """One more was refused by this lock."""
    try:
        with _redis().pipeline() as pipeline:
            pipeline.hincrby(PREFIX + key, "tries", 1)
            pipeline.expire(PREFIX + key, round(2 * LOCK_SECONDS) + 3600)
            pipeline.execute()
    except redis.RedisError as problem:
        log.warning("a refused log-in could not be counted", problem=str(problem))


def tell_first(refusal: Refusal) -> None:
    """Keep it, and remember to tell how many there were in the end.

    A database in trouble refuses nobody a refusal.
    """
    try:
        _record(refusal, 1)
    except Error as problem:
        log.warning("a refused log-in could not be audited", problem=str(problem).strip())
        buckets.fill(f"audited:{refusal.key}")
        return
    what: dict[Any, Any] = {
        "lock": refusal.lock,
        "name": refusal.name,
        "address": refusal.address,
        "door": refusal.door,
    }
    seconds = LOCK_SECONDS
    try:
        with _redis().pipeline() as pipeline:
            pipeline.hset(PREFIX + refusal.key, mapping=what)
            pipeline.zadd(DUE, {refusal.key: time.time() + seconds})
            pipeline.execute()
    except redis.RedisError as problem:
        log.warning("refused log-ins are not counted", problem=str(problem))


def tell_how_many(until: float | None = None) -> int:
    """Keep how many each lock refused whose period ended before ``until`` (seconds since 1970,
    now). How many locks.
    """
    until = time.time() if until is None else until
    try:
        keys = _texts(_redis().zrangebyscore(DUE, 0, until, start=0, num=MOST_PER_SWEEP))
        return sum(_tell(key) for key in keys)
    except redis.RedisError as problem:
        log.warning("refused log-ins are not told yet", problem=str(problem))
        return 0


def _tell(key: str) -> bool:
    fields = ("tries", "lock", "name", "address", "door")
    kept = dict(zip(fields, _texts(_redis().hmget(PREFIX + key, fields)), strict=True))
    with atomic():
        # Of two sweepers one tells.
        if not _redis().zrem(DUE, key):
            return False
        # Redis may have forgotten what it counted.
        tries = int(kept["tries"] or 1)
        if tries > 1 and kept["lock"]:
            _record(Refusal(kept["lock"], key, kept["name"], kept["address"], kept["door"]), tries)
    _redis().delete(PREFIX + key)
    return True


def _record(refusal: Refusal, tries: int) -> None:
    after = {
        "address": refusal.address,
        "door": refusal.door,
        "locked": refusal.lock,
        "tries": tries,
    }
    audit.record_account(VERB, refusal.name, None, outcome=audit.REFUSED, after=after)


def _texts(values: Any) -> list[str]:
    return [(value or b"").decode() for value in values]


def _redis() -> redis.Redis:
    return client(settings.REDIS_URL, TIMEOUT_SECONDS)
