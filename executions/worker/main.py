"""The life of a worker process: register, listen, beat, sweep; on a signal drain and leave nothing held."""

from __future__ import annotations

import signal
import threading
from functools import partial
from types import FrameType

import structlog
from django.conf import settings
from django.db import connection

from executions import broadcast
from executions.engine.driver import advance
from executions.engine.running import Running
from executions.engine.store import Writers
from executions.recovery.sweep import Sweeper
from executions.steps import http, python
from executions.worker.children import use_children
from executions.worker.doorbell import Doorbell
from executions.worker.pulse import Pulse
from executions.worker.registration import register, resign
from executions.worker.slots import Slots
from executions.worker.timers import Timers

log = structlog.get_logger(__name__)


def writers() -> Writers:
    """What suits the database: SQLite has one writer and a costly COMMIT, PostgreSQL serves a few at once."""
    if connection.vendor == "sqlite":
        return Writers(1, batch=settings.STIGMER_SLOTS)
    return Writers(settings.STIGMER_WRITERS)


def main() -> int:
    """Run until SIGTERM or SIGINT. Exit code 0 after a clean end."""
    stop = threading.Event()
    _on_signal(stop)
    use_children()
    process = register("worker", slots=settings.STIGMER_SLOTS)
    log.info("worker started", pid=process.pid, slots=process.slots, queue="on")
    broadcast.start()
    store, running, timers = writers(), Running(), Timers()
    drive = partial(advance, process_id=process.pk, store=store, running=running, timer=timers.set)
    slots = Slots(settings.STIGMER_SLOTS, drive)
    pulse = Pulse(process, running)
    sweeper = Sweeper(slots.free_count)
    try:
        Doorbell(slots, stop).listen()
    finally:
        running.stopping.set()
        log.info("worker stops", driving=len(running.tokens()))
        timers.close()
        sweeper.close()
        slots.drain(settings.STIGMER_DRAIN_SECONDS)
        left = resign(process)
        pulse.close()
        store.close()
        http.close()
        python.close()
        broadcast.stop()
        log.info("worker stopped", left_to_others=left)
    return 0


def _on_signal(stop: threading.Event) -> None:
    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
