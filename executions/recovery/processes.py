"""Who died: processes that were silent too long, or whose pid is gone on this host."""

from __future__ import annotations

import socket

import structlog
from django.conf import settings

from executions.engine.crashes import REBOOTED
from executions.models import Process
from executions.worker_identity import boot_id, exit_of, started

log = structlog.get_logger(__name__)


def declare_the_dead() -> list[Process]:
    """Declare dead what is dead; each process is declared by one caller only. Those that this call declared."""
    host, boot = socket.gethostname(), boot_id()
    declared = []
    for process in Process.objects.filter(dead_at=None, host=host):
        if process.boot_id != boot:
            death = REBOOTED
        elif process.process_started and started(process.pid) != process.process_started:
            death = exit_of(settings.STIGMER_HOME, process.pid) or "its process is gone"
        else:
            continue
        if process.declare_dead(death):
            declared.append(process)
    # Silent though its pid may be there: stopped or stuck. Its own pulse ends it when it wakes.
    declared += [process for process in Process.objects.silent() if process.declare_dead("its heartbeat stopped")]
    for process in declared:
        log.warning("process declared dead", pid=process.pid, host=process.host, why=process.death)
    return declared
