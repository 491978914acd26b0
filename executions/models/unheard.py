"""Why no worker is heard of: a heartbeat that nobody can write is not the silence of the dead."""

from __future__ import annotations

from dataclasses import dataclass

from executions.models.process import Process
from executions.models.write_locks import PATIENCE_SECONDS, who_keeps_writes_out
from executions.said import Said
from executions.worker_identity import FIRST_NAMESPACE, here, sees_processes, started

# A page is not kept waiting only to find out who keeps others waiting.
BRIEFLY_SECONDS = 0.1
START_A_WORKER = Said("Start one with `stigmer worker`; `stigmer up` starts and watches several.")
RESUME_A_WORKER = Said(
    "An administrator lets one take work again on the page Workers, or with `stigmer workers resume"
    " ID`; `stigmer worker` starts another."
)
WHERE_HEARTBEATS_STAY = Said(
    "Look at the workers' log, and whether the database has room to write."
)


@dataclass(frozen=True, slots=True)
class Unheard:
    """``said`` is a clause without a full stop.

    ``may_live``: there are workers that only cannot say so, or that take nothing new.
    """

    said: str
    remedy: str
    may_live: bool


def unheard(seconds: float = PATIENCE_SECONDS, host: str = "") -> Unheard | None:
    """Why no worker was heard of lately that takes work; None where one was.

    ``seconds`` is how long a lock of others is waited for. ``host``: of those that live there, if
    any do, one has to take work.

    Raises django.db.Error where the database does not answer.
    """
    living = [each for each in Process.objects.living().workers() if not is_gone(each)]
    there = [each for each in living if host and each.host == host]
    if any(each.drained_at is None for each in there or living):
        return None
    if living:
        said = _all_drained(len(there or living), host if there else "")
        return Unheard(said, RESUME_A_WORKER, may_live=True)
    if holder := who_keeps_writes_out(seconds):
        said = Said(
            "The database is busy: {holder}, so that no worker can write its heartbeat",
            holder=holder.said(),
        )
        return Unheard(said, holder.remedy(), may_live=True)
    mute = sum(not is_gone(process) for process in Process.objects.silent().workers())
    if mute:
        said = Said(
            "No heartbeat of a worker was written lately, though {number} may live", number=mute
        )
        return Unheard(said, WHERE_HEARTBEATS_STAY, may_live=True)
    return Unheard(Said("No worker is alive"), START_A_WORKER, may_live=False)


def _all_drained(number: int, host: str) -> Said:
    if number == 1 and host:
        return Said(
            "The only worker on the host {host}, which holds its workspace, is drained and takes"
            " nothing new",
            host=host,
        )
    if number == 1:
        return Said("The only worker is drained and takes nothing new")
    if host:
        return Said(
            "All {number} workers on the host {host}, which holds its workspace, are drained and"
            " take nothing new",
            number=number,
            host=host,
        )
    return Said("All {number} workers are drained and take nothing new", number=number)


def is_gone(process: Process) -> bool:
    """Whether a process of this system is there no more, declared dead or not.

    False for those of other hosts and other pid namespaces: their pids mean nothing here, and only
    their silence tells.
    """
    system = here()
    if process.host != system.host:
        return False
    if process.boot_id != system.boot_id:
        # Of two containers that share a host name one may live on another machine; a host itself
        # was started anew.
        return system.pid_namespace in ("", FIRST_NAMESPACE) and process.pid_namespace in (
            "",
            FIRST_NAMESPACE,
        )
    if (
        process.pid_namespace != system.pid_namespace
        or not process.process_started
        or not sees_processes()
    ):
        return False
    return started(process.pid) != process.process_started
