"""Telling others: one thread looks what is new, a few send. Nobody who drives waits for them, and
no receiver that hangs keeps another one waiting.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import structlog
from django.db import Error

from executions.driving.store import Store
from executions.errors import Fenced
from executions.models import Channel, Turn
from executions.models.passing import trouble
from executions.outbound import deriving, sending, telling
from executions.outbound.kinds.table import KINDS

LOOK_SECONDS = 1.0
FORGET_SECONDS = 60.0
# The process that has the turn may have ended in the middle of it; a notice that is sent twice has
# the same id.
TURN_SECONDS = 30.0
log = structlog.get_logger(__name__)


class Sender:
    """A thread that looks, and one for each channel that has something to send."""

    def __init__(self, process_id: uuid.UUID, store: Store, concerns: Callable[[], bool]) -> None:
        self._process_id = process_id
        self._store = store
        self._concerns = concerns
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._busy: set[uuid.UUID] = set()
        self._was_heard = True
        self._at_rest: set[str] = set()
        self._forget_at = 0.0
        self._teller = telling.Teller()
        # One for each kind: a mail server that hangs holds up mail alone.
        self._pools = {
            name: ThreadPoolExecutor(kind.at_once, thread_name_prefix=f"send-{name}")
            for name, kind in KINDS.items()
        }
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Send nothing more; what was not sent is sent by others, or later."""
        self._closed.set()

    def join(self) -> None:
        """Wait for its threads, which may be waiting for the store: close that first."""
        self._thread.join()
        for pool in self._pools.values():
            pool.shutdown(wait=True, cancel_futures=True)

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
                # Any exception is caught: without this thread nobody would hear anything any more.
                log.exception("could not look what is to be told")

    def _look(self) -> bool:
        """Whether there is more to be told at once."""
        if not self._was_heard and not self._concerns():
            return False
        call = self._store.call
        sinks, heard = call(lambda: (deriving.sinks(), telling.channels()))
        if not sinks and not heard and not self._was_heard:
            return False
        more = False
        if self._hears(deriving.TURN, sinks, deriving.rest):
            more = deriving.derive(call, sinks)
        if self._hears(telling.TURN, heard, telling.rest):
            more = self._teller.tell(call, heard) or more
        self._was_heard = bool(sinks or heard)
        if time.monotonic() > self._forget_at:
            call(sending.forget)
            self._forget_at = time.monotonic() + FORGET_SECONDS
        self._send_what_is_due()
        return more

    def _hears(self, turn: str, channels: Sequence[Channel], rest: Callable[[], None]) -> bool:
        """Whether somebody hears and it is this process that looks now. Once nobody hears any
        more, that is written once.
        """
        if channels:
            self._at_rest.discard(turn)
            return self._takes(turn)
        if turn not in self._at_rest:
            self._store.call(rest)
            self._at_rest.add(turn)
        return False

    def _takes(self, name: str) -> bool:
        """Whether it is this process that looks now."""
        taken = self._store.call(partial(Turn.take, name, self._process_id, TURN_SECONDS))
        return bool(taken)

    def _send_what_is_due(self) -> None:
        for channel_id, kind in self._store.call(sending.due):
            with self._lock:
                if channel_id in self._busy:
                    continue
                self._busy.add(channel_id)
            self._pools[kind].submit(self._send, channel_id)

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
