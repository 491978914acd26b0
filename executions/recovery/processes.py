"""Who died: processes that were silent too long, or whose pid is gone on this host."""

from __future__ import annotations

import time
import uuid
from datetime import datetime

import structlog
from django.conf import settings

from executions.engine.crashes import REBOOTED
from executions.models import Process, in_line
from executions.worker_identity import FIRST_NAMESPACE, exit_of, here, sees_processes, started

WATCHED_BEATS = 1.5
log = structlog.get_logger(__name__)


def is_gone(process: Process) -> bool:
    """Whether a process of this system is there no more, declared dead or not. False for those of other hosts and
    other pid namespaces: their pids mean nothing here, and only their silence tells."""
    system = here()
    if process.host != system.host:
        return False
    if process.boot_id != system.boot_id:
        # Of two containers that share a host name one may live on another machine; a host itself was started anew.
        return system.pid_namespace in ("", FIRST_NAMESPACE) and process.pid_namespace in ("", FIRST_NAMESPACE)
    if process.pid_namespace != system.pid_namespace or not process.process_started or not sees_processes():
        return False
    return started(process.pid) != process.process_started


class Watch:
    """Whose heartbeat stands still, as one process sees it by its own monotonic clock.

    After an outage of the database, or a jump of its clock, every heartbeat looks old. Who looked on all the time knows
    better: silent is only who had the chance to beat, and did not.
    """

    def __init__(self) -> None:
        self._seen: dict[uuid.UUID, tuple[datetime, float]] = {}

    def forget(self) -> None:
        """The database was in trouble: whoever did not beat meanwhile could not."""
        self._seen.clear()

    def silent(self) -> list[Process]:
        """Those that the database calls silent and that did not beat before these eyes either."""
        now = time.monotonic()
        beats = dict(Process.objects.filter(dead_at=None).values_list("pk", "heartbeat_at"))
        still = {pk: self._seen[pk] for pk, beat in beats.items() if self._seen.get(pk, (None,))[0] == beat}
        self._seen = {pk: (beat, now) for pk, beat in beats.items()} | still
        patience = WATCHED_BEATS * settings.STIGMER_HEARTBEAT_SECONDS
        watched = [pk for pk, (_, since) in still.items() if now - since >= patience]
        return list(Process.objects.silent().filter(pk__in=watched))


def declare_the_dead(watch: Watch) -> list[Process]:
    """Declare dead what is dead; each process is declared by one caller only. Those that this call declared."""
    near = Process.objects.filter(dead_at=None, host=here().host)
    declared = [process for process in near if is_gone(process) and process.declare_dead(_death_of(process))]
    # Silent though its pid may be there: stopped or stuck. Its own pulse ends it when it wakes.
    declared += [process for process in watch.silent() if process.declare_dead("its heartbeat stopped")]
    for process in declared:
        log.warning("process declared dead", pid=process.pid, host=process.host, why=process.death)
    if declared:
        in_line.wake_all()
    return declared


def _death_of(process: Process) -> str:
    if process.boot_id != here().boot_id:
        return REBOOTED
    return exit_of(settings.STIGMER_HOME, process.pid) or "its process is gone"
