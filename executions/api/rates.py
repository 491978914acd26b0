"""How often one caller may ask: a bucket per caller, which all web processes share through Redis.

A bucket holds one minute's requests and fills evenly. It is kept as the moment at which it would be full again, so one
number per caller is enough (the generic cell rate algorithm). While Redis is away each process counts for itself.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from typing import Protocol

import redis
import structlog
from django.conf import settings

from executions.api.problems import Problem
from executions.redis_client import client

MINUTE_SECONDS = 60.0
MOST_CALLERS = 10_000
TIMEOUT_SECONDS = 0.25
ASK_AGAIN_SECONDS = 5.0
PREFIX = "stigmer:rate:"
log = structlog.get_logger(__name__)

# One step for Redis, by its own clock. Answers how many seconds are missing, as text: a Lua number would be cut.
_TAKE = """
local time = redis.call('TIME')
local now, each, most = time[1] + time[2] / 1000000, tonumber(ARGV[1]), tonumber(ARGV[2])
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now) + each
if full_at - now > most then return string.format('%.6f', full_at - now - most) end
redis.call('SET', KEYS[1], string.format('%.6f', full_at), 'PX', math.ceil((full_at - now) * 1000))
return '0'
"""


class Buckets(Protocol):
    """Where buckets are kept."""

    def take(self, caller: str, per_minute: int) -> float:
        """Take one. The seconds to wait where the bucket is empty, else 0."""


class OwnBuckets:
    """Of this process alone; the callers heard of longest ago are forgotten first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def take(self, caller: str, per_minute: int) -> float:
        now = time.monotonic()
        with self._lock:
            before = self._full_at.pop(caller, now)
            full_at = max(before, now) + MINUTE_SECONDS / per_minute
            missing = max(0.0, full_at - now - MINUTE_SECONDS)
            self._full_at[caller] = before if missing else full_at
            while len(self._full_at) > MOST_CALLERS:
                self._full_at.popitem(last=False)
        return missing


class SharedBuckets:
    """In Redis, where they end by themselves once they are full. While it is away: ``instead``."""

    def __init__(self, url: str, instead: Buckets) -> None:
        self._instead = instead
        self._take = client(url, TIMEOUT_SECONDS).register_script(_TAKE)
        self._ask_again_at = 0.0

    def take(self, caller: str, per_minute: int) -> float:
        if time.monotonic() >= self._ask_again_at:
            try:
                return float(self._take([PREFIX + caller], [MINUTE_SECONDS / per_minute, MINUTE_SECONDS]))
            except redis.RedisError as problem:
                # Not with each request: one that cannot be reached would make each of them wait.
                self._ask_again_at = time.monotonic() + ASK_AGAIN_SECONDS
                log.warning("Redis is away, this process counts requests for itself", problem=str(problem))
        return self._instead.take(caller, per_minute)


buckets = SharedBuckets(settings.REDIS_URL, OwnBuckets())


def take(caller: str) -> None:
    """Count one request of this caller. Raises Problem 429 for one too many; STIGMER_API_RATE 0 counts none."""
    per_minute: int = settings.STIGMER_API_RATE
    if per_minute <= 0:
        return
    wait = buckets.take(caller, per_minute)
    if wait:
        raise Problem(
            "rate-limited",
            f"More than {per_minute} requests a minute came from you.",
            headers={"Retry-After": str(max(1, math.ceil(wait)))},
        )
