"""How often something may happen: a bucket per caller, which all processes share through Redis.

A bucket holds so many and fills evenly. It is kept as the moment at which it would be full again,
so one number per caller is enough (the generic cell rate algorithm). While Redis is away each
process counts for itself.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import Protocol

import redis
import structlog
from django.conf import settings

from executions.clients.addresses import network_of
from executions.redis_client import client

MINUTE_SECONDS = 60.0
MOST_CALLERS = 10_000
TIMEOUT_SECONDS = 0.25
ASK_AGAIN_SECONDS = 5.0
GUESSES_A_MINUTE = 30
PREFIX = "stigmer:rate:"
log = structlog.get_logger(__name__)

# One step for Redis, by its own clock. Answers how many seconds are missing, as text: a Lua number
# would be cut.
_TAKE = """
local time = redis.call('TIME')
local now, each, most = time[1] + time[2] / 1000000, tonumber(ARGV[1]), tonumber(ARGV[2])
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now) + each
if full_at - now > most then return string.format('%.6f', full_at - now - most) end
redis.call('SET', KEYS[1], string.format('%.6f', full_at), 'PX', math.ceil((full_at - now) * 1000))
return '0'
"""
_GIVE_BACK = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local full_at = tonumber(redis.call('GET', KEYS[1]) or '0') - tonumber(ARGV[1])
if full_at <= now then redis.call('DEL', KEYS[1]) return '0' end
redis.call('SET', KEYS[1], string.format('%.6f', full_at), 'PX', math.ceil((full_at - now) * 1000))
return '0'
"""


class Buckets(Protocol):
    """The place where buckets are kept. Each holds ``most`` and is full again ``seconds`` after it
    was empty.
    """

    def take(self, caller: str, most: int, seconds: float = MINUTE_SECONDS) -> float:
        """Take one. The seconds to wait where the bucket is empty, else 0."""

    def give_back(self, caller: str, most: int, seconds: float = MINUTE_SECONDS) -> None:
        """Put one back."""

    def fill(self, caller: str) -> None:
        """Let the bucket be full."""


class OwnBuckets:
    """Of this process alone; the callers heard of longest ago are forgotten first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def take(self, caller: str, most: int, seconds: float = MINUTE_SECONDS) -> float:
        now = time.monotonic()
        with self._lock:
            before = self._full_at.pop(caller, now)
            full_at = max(before, now) + seconds / most
            missing = max(0.0, full_at - now - seconds)
            self._full_at[caller] = before if missing else full_at
            while len(self._full_at) > MOST_CALLERS:
                self._full_at.popitem(last=False)
        return missing

    def give_back(self, caller: str, most: int, seconds: float = MINUTE_SECONDS) -> None:
        with self._lock:
            if caller in self._full_at:
                self._full_at[caller] -= seconds / most

    def fill(self, caller: str) -> None:
        with self._lock:
            self._full_at.pop(caller, None)


class SharedBuckets:
    """In Redis, where they end by themselves once they are full. While it is away: ``instead``."""

    def __init__(self, url: str, instead: Buckets) -> None:
        self._instead = instead
        self._redis = client(url, TIMEOUT_SECONDS)
        self._take = self._redis.register_script(_TAKE)
        self._give_back = self._redis.register_script(_GIVE_BACK)
        self._ask_again_at = 0.0

    def take(self, caller: str, most: int, seconds: float = MINUTE_SECONDS) -> float:
        if self._may_ask():
            try:
                return float(self._take([PREFIX + caller], [seconds / most, seconds]))
            except redis.RedisError as problem:
                self._is_away(problem)
        return self._instead.take(caller, most, seconds)

    def give_back(self, caller: str, most: int, seconds: float = MINUTE_SECONDS) -> None:
        self._instead.give_back(caller, most, seconds)
        if self._may_ask():
            try:
                self._give_back([PREFIX + caller], [seconds / most])
            except redis.RedisError as problem:
                self._is_away(problem)

    def fill(self, caller: str) -> None:
        self._instead.fill(caller)
        if self._may_ask():
            try:
                self._redis.delete(PREFIX + caller)
            except redis.RedisError as problem:
                self._is_away(problem)

    def _may_ask(self) -> bool:
        return time.monotonic() >= self._ask_again_at

    def _is_away(self, problem: redis.RedisError) -> None:
        # Not with each request: one that cannot be reached would make each of them wait.
        self._ask_again_at = time.monotonic() + ASK_AGAIN_SECONDS
        log.warning("Redis is away, this process counts requests for itself", problem=str(problem))


buckets = SharedBuckets(settings.REDIS_URL, OwnBuckets())


def guessed(address: str) -> float:
    """Count a token that nobody has, and log it; the seconds to wait where there were too many."""
    network = network_of(address)
    wait = buckets.take(f"guess:{network}", GUESSES_A_MINUTE)
    log.warning("unknown token", address=network, too_many=bool(wait))
    return wait
