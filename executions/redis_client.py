"""One client of Redis per process and deadline, for whatever asks it a short question and can do
without the answer.
"""

from __future__ import annotations

from functools import lru_cache

import redis


@lru_cache(maxsize=4)
def client(url: str, timeout_seconds: float) -> redis.Redis:
    """A client, with a pool of connections behind it, that waits so long to connect and for each
    answer.
    """
    return redis.Redis.from_url(
        url, socket_timeout=timeout_seconds, socket_connect_timeout=timeout_seconds
    )


def push(connection: redis.Redis, key: str, word: str, kept_seconds: int) -> None:
    """Put a word at the end of a list, which is forgotten if nobody takes it for so long.

    Raises redis.RedisError.
    """
    with connection.pipeline() as both:
        both.rpush(key, word)
        both.expire(key, kept_seconds)
        both.execute()
