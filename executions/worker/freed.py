"""Tells the ear in Redis that a slot is free: it waits there for bells, and can wait for one thing
only.
"""

from __future__ import annotations

import threading
import uuid
from contextlib import suppress

from redis import Redis
from redis.exceptions import RedisError

from executions.redis_client import push
from executions.worker.slots import Slots

LOOK_SECONDS = 1.0
# A word that nobody took goes with its worker.
KEPT_SECONDS = 60


class Freed:
    """``key`` is the list in which the word comes, of this process alone."""

    def __init__(self, slots: Slots, connection: Redis, stop: threading.Event) -> None:
        self.key = f"stigmer:freed:{uuid.uuid4().hex}"
        self._slots = slots
        self._connection = connection
        self._stop = stop
        self._asked = threading.Event()
        self._thread = threading.Thread(target=self._run, name="freed", daemon=True)
        self._thread.start()

    def ask(self) -> None:
        """Say it once, as soon as a slot is free that is not kept. A word that comes too late is
        taken the next time, and costs the ear a look.
        """
        self._asked.set()

    def close(self) -> None:
        """Nobody listens any more: ``stop`` is set."""
        self._asked.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        while self._asked.wait() and not self._stop.is_set():
            self._asked.clear()
            while not self._slots.wait_for_unkept(LOOK_SECONDS):
                if self._stop.is_set():
                    return
            # The ear says that Redis is away, and looks again by itself.
            with suppress(RedisError):
                push(self._connection, self.key, "1", KEPT_SECONDS)
