"""A process that drives one execution and nothing else."""

from __future__ import annotations

import uuid
from contextlib import suppress

import structlog
from django.db import DatabaseError

from executions.driving.attempts.running import Running
from executions.driving.driver import advance
from executions.live import broadcast
from executions.models.process import ALONE
from executions.recovery.registration import register, resign
from executions.worker.asked import Asked
from executions.worker.children import use_children
from executions.worker.pulse import Pulse
from executions.worker.signals import on_signal
from executions.worker.writers import writers

log = structlog.get_logger(__name__)


def drive_alone(execution_id: uuid.UUID) -> int:
    """Drive this one execution as far as it goes; the exit code of a process that has nothing else
    to do.
    """
    running = Running()
    on_signal(running.stopping)
    use_children()
    process = register(ALONE, slots=1)
    log.info("driving alone", pid=process.pid, execution=str(execution_id))
    broadcast.start()
    asked = Asked(process.pk)
    store, pulse = writers(), Pulse(process, running, running.stopping.set)
    try:
        # Until it parks or ends, or made progress and may be driven beside others again.
        while advance(
            execution_id, process_id=process.pk, store=store, running=running, alone=True
        ):
            pass
    finally:
        asked.close()
        with suppress(DatabaseError):
            resign(process)
        pulse.close()
        store.close()
        broadcast.stop()
    return 1 if pulse.is_dead else 0
