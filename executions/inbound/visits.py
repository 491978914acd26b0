"""The last visits of a source of webhooks: what it sent and why it was refused.

They stand in Redis: a stranger who calls an address must not make rows, and what is lost with Redis
is missed by nobody.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime

import redis
import structlog
from django.conf import settings

from executions import clock, redis_client
from executions.models import EventSource
from executions.values import timestamp

MOST = 50
KEPT_SECONDS = 7 * 24 * 3600
TIMEOUT_SECONDS = 0.5
LONGEST_REASON = 300
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Visit:
    """``reason`` says why it was refused; empty: it was taken. ``events`` are the new ones,
    ``known`` those that had come before.
    """

    at: str
    events: int = 0
    known: int = 0
    reason: str = ""

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.at)

    @property
    def was_refused(self) -> bool:
        return bool(self.reason)


def taken(source: EventSource, events: int, repeats: int) -> None:
    """Note that it sent so many."""
    _note(source, Visit(timestamp(clock.now()), events, repeats))


def refused(source: EventSource, reason: str) -> None:
    """Note that what came to its address was refused."""
    _note(source, Visit(timestamp(clock.now()), reason=reason[:LONGEST_REASON]))


def latest(source: EventSource) -> list[Visit] | None:
    """The newest first; None where Redis does not answer."""
    try:
        rows = _client().lrange(_key(source), 0, MOST - 1)
    except redis.RedisError:
        return None
    return [Visit(**json.loads(row)) for row in rows]


def forget(source: EventSource) -> None:
    """With the source."""
    try:
        _client().delete(_key(source))
    except redis.RedisError as problem:
        log.warning("the visits of a source are forgotten later", problem=str(problem))


def _note(source: EventSource, visit: Visit) -> None:
    key = _key(source)
    try:
        with _client().pipeline(transaction=False) as pipe:
            pipe.lpush(key, json.dumps(asdict(visit)))
            pipe.ltrim(key, 0, MOST - 1)
            pipe.expire(key, KEPT_SECONDS)
            pipe.execute()
    except redis.RedisError as problem:
        log.warning("a visit of a source is not noted", source=source.pk, problem=str(problem))


def _client() -> redis.Redis:
    return redis_client.client(settings.REDIS_URL, TIMEOUT_SECONDS)


def _key(source: EventSource) -> str:
    return f"stigmer:source:{source.pk.hex}"
