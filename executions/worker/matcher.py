"""Looking who listens to the events that came: at each bell for events, and every second.

Expressions of one owner may take long, so owners are looked after side by side, each by one thread
at a time. One worker of the installation matches, for a few seconds after each look that found
something: all hear the bells, and what several match is worked on several times and written once.
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

from executions import sealed
from executions.driving.store import Store
from executions.errors import Fenced
from executions.inbound import offers
from executions.models import CloudEvent, Turn
from executions.models.passing import trouble
from executions.worker.sharing import Sharing

LOOK_SECONDS = 1.0
# After something was found: what comes meanwhile is matched together, bells or none.
AGAIN_SECONDS = 0.1
MOST_AT_ONCE = 100
OWNERS_AT_ONCE = 4
TURN = "events"
# A worker that hangs keeps events from the others for so long; one that died only until it is
# known.
TURN_SECONDS = 5.0
# The one that has the turn renews it in time, the others ask for it so often.
RENEW_SECONDS = 2.0
log = structlog.get_logger(__name__)


class Matcher:
    """A thread that looks, and a few that match."""

    def __init__(self, process_id: uuid.UUID, store: Store, concerns: Callable[[], bool]) -> None:
        self._process_id = process_id
        self._store = store
        self._concerns = concerns
        self._has_turn = False
        self._ask_at = 0.0
        self._closed = threading.Event()
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._busy: set[int] = set()
        self._sharing = Sharing()
        self._pool = ThreadPoolExecutor(OWNERS_AT_ONCE, thread_name_prefix="match")
        self._thread = threading.Thread(target=self._run, name="matcher", daemon=True)
        self._thread.start()

    def look(self) -> None:
        """An event came."""
        self._wake.set()

    def stop(self) -> None:
        """Look no more; what was not matched is matched by others, or later."""
        self._closed.set()
        self._wake.set()

    def join(self) -> None:
        """Wait for its threads, which may be waiting for the store: close that first."""
        self._thread.join()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self) -> None:
        pause = LOOK_SECONDS
        while True:
            was_called = self._wake.wait(pause) or not pause
            self._wake.clear()
            if self._closed.is_set():
                return
            pause = LOOK_SECONDS
            if not (was_called or self._concerns()):
                continue
            try:
                if self._look():
                    pause = 0.0
                    self._closed.wait(AGAIN_SECONDS)
            except Fenced:
                return
            except Error as problem:
                _note(problem)
            except Exception:
                # Any exception is caught: without this thread nobody would hear events.
                log.exception("could not look for events")

    def _look(self) -> bool:
        with self._lock:
            busy = set(self._busy)
        if len(busy) >= OWNERS_AT_ONCE:
            return True
        if not self._has_turn and time.monotonic() < self._ask_at:
            return False
        events_of = self._store.call(partial(offers.unmatched, MOST_AT_ONCE, busy))
        if events_of and not self._takes_turn():
            return False
        for owner_id, events in events_of.items():
            with self._lock:
                self._busy.add(owner_id)
            self._pool.submit(self._match, owner_id, events)
        return bool(events_of)

    def _takes_turn(self) -> bool:
        """Whether it is this process that matches now."""
        now = time.monotonic()
        if now >= self._ask_at:
            take = partial(Turn.take, TURN, self._process_id, TURN_SECONDS)
            self._has_turn = self._store.call(take)
            self._ask_at = now + (RENEW_SECONDS if self._has_turn else LOOK_SECONDS)
        return self._has_turn

    def _match(self, owner_id: int, events: Sequence[CloudEvent]) -> None:
        try:
            with self._sharing:
                listeners = offers.who_listens(self._store.call, owner_id, events)
                self._store.call(partial(offers.hand_out, events, listeners))
        except (Fenced, sealed.SealedClosed):
            return
        except Error as problem:
            _note(problem)
        except Exception:
            log.exception("could not match events", owner=owner_id)
        finally:
            with self._lock:
                self._busy.discard(owner_id)
            # More of this owner may have come meanwhile.
            self._wake.set()


def _note(problem: Error) -> None:
    if trouble(problem) is None:
        log.exception("could not look who listens", exc_info=problem)
    else:
        log.warning("could not look who listens", problem=str(problem).strip())
