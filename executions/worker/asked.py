"""Answering where the functions of a run are, and looking for what others leave to this worker: a
thread that only listens until somebody says a word.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable

import structlog
from redis.exceptions import RedisError

from executions.calls.python import stacks
from executions.streams import asking

PAUSE_SECONDS = 2.0
log = structlog.get_logger(__name__)


class Asked:
    """It ends with its process, which need not wait for it. ``look`` is called where something is
    due that is left to this process.
    """

    def __init__(self, process_id: uuid.UUID, look: Callable[[], None] = lambda: None) -> None:
        self._process_id = process_id
        self._look = look
        self._closed = threading.Event()
        threading.Thread(target=self._run, name="asked", daemon=True).start()

    def close(self) -> None:
        self._closed.set()

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                asking.hear(self._process_id, stacks.of, self._look)
            except RedisError:
                # The doorbell says so already.
                self._closed.wait(PAUSE_SECONDS)
            except Exception:
                # Any exception is caught: without this thread nobody would be answered any more.
                log.exception("a question could not be answered")
                self._closed.wait(PAUSE_SECONDS)
