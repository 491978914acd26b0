"""Telling others: one thread looks what is new, a few send. Nobody who drives waits for them, and
no receiver that hangs keeps another one waiting.
"""

from __future__ import annotations

import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import structlog
from django.db import Error

from executions.driving.store import Store
from executions.errors import Fenced
from executions.models import Turn
from executions.models.passing import trouble
from executions.outbound import deriving, sending

LOOK_SECONDS = 1.0
FORGET_SECONDS = 60.0
# Whoever has the turn may have ended in the middle of it; what is sent twice has the same id.
TURN_SECONDS = 30.0
CHANNELS_AT_ONCE = 20
log = structlog.get_logger(__name__)


class Sender:
    """A thread that looks, and one for each channel that has something to send."""

    def __init__(self, process_id: uuid.UUID, store: Store) -> None:
        self._process_id = process_id
        self._store = store
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._busy: set[uuid.UUID] = set()
        self._was_heard = True
        self._forget_at = 0.0
        self._pool = ThreadPoolExecutor(CHANNELS_AT_ONCE, thread_name_prefix="send")
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Send nothing more; what was not sent is sent by others, or later."""
        self._closed.set()

    def join(self) -> None:
        """Wait for its threads, which may be waiting for the store: close that first."""
        self._thread.join()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self) -> None:
        more = False
        while not self._closed.wait(0.0 if more else LOOK_SECONDS):
            more = False
            try:
                more = self._look()
            except Fenced:
                return
            except Error as problem:
                _note(problem)
            except Exception:
                # Whatever it was: without this thread nobody would hear anything any more.
                log.exception("could not look what is to be told")

    def _look(self) -> bool:
        """Whether there is more to be told at once."""
        call = self._store.call
        sinks = call(deriving.sinks)
        if not sinks and not self._was_heard:
            return False
        more, name = False, deriving.TURN
        if not sinks:
            call(deriving.rest)
        elif call(partial(Turn.take, name, self._process_id, TURN_SECONDS)):
            more = deriving.derive(call, sinks)
        self._was_heard = bool(sinks)
        if time.monotonic() > self._forget_at:
            call(sending.forget)
            self._forget_at = time.monotonic() + FORGET_SECONDS
        self._send_what_is_due()
        return more

    def _send_what_is_due(self) -> None:
        for channel_id in self._store.call(sending.due):
            with self._lock:
                if channel_id in self._busy:
                    continue
                self._busy.add(channel_id)
            self._pool.submit(self._send, channel_id)

    def _send(self, channel_id: uuid.UUID) -> None:
        """One process at a time sends to a channel: so a run's messages keep their order."""
        name, call = f"send {channel_id.hex}", self._store.call
        try:
            while not self._closed.is_set() and call(
                partial(Turn.take, name, self._process_id, TURN_SECONDS)
            ):
                if not sending.send_some(call, channel_id):
                    call(partial(Turn.done, name, self._process_id))
                    return
        except Fenced:
            return
        except Error as problem:
            _note(problem)
        except Exception:
            log.exception("could not send", channel=str(channel_id))
        finally:
            with self._lock:
                self._busy.discard(channel_id)


def _note(problem: Error) -> None:
    if trouble(problem) is None:
        log.exception("could not tell others", exc_info=problem)
    else:
        log.warning("could not tell others", problem=str(problem).strip())
