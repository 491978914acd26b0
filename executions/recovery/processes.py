"""Who died: processes that were silent too long, or whose pid is gone on this host."""

from __future__ import annotations

import socket

import structlog
from django.conf import settings

from executions.engine.crashes import REBOOTED
from executions.models import Process
from executions.worker_identity import boot_id, exit_of, started

log = structlog.get_logger(__name__)


def is_gone(process: Process) -> bool:
    """Whether a process of this host is there no more, declared dead or not. False for those of other hosts."""
    if process.host != socket.gethostname():
        return False
    if process.boot_id != boot_id():
        return True
    return bool(process.process_started) and started(process.pid) != process.process_started


def declare_the_dead() -> list[Process]:
    """Declare dead what is dead; each process is declared by one caller only. Those that this call declared."""
    here = Process.objects.filter(dead_at=None, host=socket.gethostname())
    declared = [process for process in here if is_gone(process) and process.declare_dead(_death_of(process))]
    # Silent though its pid may be there: stopped or stuck. Its own pulse ends it when it wakes.
    declared += [process for process in Process.objects.silent() if process.declare_dead("its heartbeat stopped")]
    for process in declared:
        log.warning("process declared dead", pid=process.pid, host=process.host, why=process.death)
    return declared


def _death_of(process: Process) -> str:
    if process.boot_id != boot_id():
        return REBOOTED
    return exit_of(settings.STIGMER_HOME, process.pid) or "its process is gone"
