"""A process signs on and off in the database. Signing off frees at once whatever it still held."""

from __future__ import annotations

import os
import threading

import structlog
from django.db import DatabaseError, connection
from django.db.models.functions import Now

import stigmer_site
from executions import clock, dispatch
from executions.driving.crashes import STOPPED
from executions.models import Execution, Process
from executions.models.spell import Spell
from executions.states import Phase
from executions.worker_identity import here, own_start

AGAIN_SECONDS = 1.0
log = structlog.get_logger(__name__)


def register(kind: str, *, slots: int = 0) -> Process:
    # Those who drive hold no connection to ask for the time.
    clock.read()
    system = here()
    return Process.objects.create(
        kind=kind,
        host=system.host,
        pid=os.getpid(),
        process_started=own_start(),
        boot_id=system.boot_id,
        pid_namespace=system.pid_namespace,
        version=stigmer_site.__version__,
        slots=slots,
        heartbeat_at=Now(),
    )


def register_when_possible(kind: str, stop: threading.Event, *, slots: int = 0) -> Process | None:
    """Sign on as soon as the database answers and can be written. None: asked to stop meanwhile."""
    spell = Spell("sign-on")
    while not stop.is_set():
        try:
            process = register(kind, slots=slots)
        except DatabaseError as problem:
            connection.close()
            spell.met(problem, "cannot sign on, trying again", next_try_seconds=AGAIN_SECONDS)
            stop.wait(AGAIN_SECONDS)
        else:
            spell.over("signed on")
            return process
    return None


def resign(process: Process) -> int:
    """Say that this process ends, and ring for what it still held. How many those were."""
    process.declare_dead(STOPPED)
    held = Execution.objects.filter(process=process, phase=Phase.IN_PROGRESS).values_list(
        "pk", "queue", "owner_id"
    )
    for bell in held:
        dispatch.ring(*bell)
    return len(held)
