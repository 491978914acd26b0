"""The fast lane of bells: a plain list in Redis beside each queue of RQ.

A bell that a worker waits for goes there, as one command and a short text: to make RQ's job, to
read it and to delete it cost twenty times as much. A bell for which no worker listens, or before
which others wait, is RQ's job, so RQ's pages show what waits.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import lru_cache

from redis import Redis
from redis.client import PubSub
from redis.commands.core import Script
from redis.exceptions import ResponseError

PREFIX = "stigmer:bells:"
# The channel that ears subscribe to: Redis forgets a subscription with its connection, so a worker
# that was killed does not count as one that listens. Nothing is published there.
EARS = "stigmer:ears"
# More than so many in a lane are no longer waited for.
MOST = 100
_EVENTS = "events"
# One command, so that a bell never overtakes those that wait in RQ's queue.
_OFFER = """
if redis.call('LLEN', KEYS[2]) > 0 or redis.call('LLEN', KEYS[1]) >= tonumber(ARGV[2])
  or redis.call('PUBSUB', 'NUMSUB', ARGV[3])[2] == 0 then
  return 0
end
redis.call('RPUSH', KEYS[1], ARGV[1])
return 1
"""


@dataclass(frozen=True, slots=True)
class Bell:
    """Either "advance this execution", and whose it is as far as the bell says, or, without an
    execution, "events came".
    """

    execution_id: uuid.UUID | None = None
    owner_id: int | None = None

    def as_text(self) -> str:
        if self.execution_id is None:
            return _EVENTS
        return f"{self.execution_id.hex} {'' if self.owner_id is None else self.owner_id}"

    @classmethod
    def from_text(cls, text: str) -> Bell:
        """Raises ValueError: it is none of ours."""
        if text == _EVENTS:
            return cls()
        execution_id, _, owner = text.partition(" ")
        return cls(uuid.UUID(execution_id), int(owner) if owner else None)


def key(queue: str) -> str:
    return f"{PREFIX}{queue}"


def offer(connection: Redis, queue: str, record: str, bell: Bell) -> bool:
    """Put the bell into the lane of the queue; False where it is for RQ to keep.

    ``record`` is the key of RQ's own list. Raises redis.RedisError.
    """
    try:
        return bool(_script(connection)([key(queue), record], [bell.as_text(), MOST, EARS]))
    except ResponseError:
        # A Redis that allows no scripts keeps all bells in RQ's queue; one that takes nothing at
        # all says so there.
        return False


def listen(connection: Redis) -> PubSub:
    """Count as a worker that listens until this is closed. Raises redis.RedisError."""
    ear: PubSub = connection.pubsub()  # type: ignore[no-untyped-call]
    ear.subscribe(EARS)
    return ear


@lru_cache(maxsize=8)
def _script(connection: Redis) -> Script:
    script: Script = connection.register_script(_OFFER)
    return script
