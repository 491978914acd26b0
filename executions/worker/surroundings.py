"""The worker tries, as it starts, which promises the sandbox of its host keeps, and tells them in
its row.
"""

from __future__ import annotations

import threading

import structlog
from django.conf import settings
from django.db import DatabaseError, connection

from executions import sandbox
from executions.models import Process
from executions.models.transactions import run_tx
from executions.sandbox import engines, leftovers

log = structlog.get_logger(__name__)


def tell_in_a_moment(process: Process) -> None:
    """Try the sandbox beside the start of the worker, which waits for nothing of it."""
    if settings.STIGMER_COMMANDS:
        threading.Thread(target=_tell, args=(process,), name="sandbox", daemon=True).start()


def _tell(process: Process) -> None:
    try:
        if ended := leftovers.end_of_the_dead():
            log.warning("processes of commands were left by a dead worker", ended=ended)
        standing = sandbox.standing(settings.STIGMER_WORKSPACE_FOLDER, [settings.STIGMER_HOME])
    except OSError as problem:
        log.warning("the sandbox could not be tried", problem=str(problem))
        return
    may = settings.STIGMER_COMMANDS_MAY
    refusal = standing.refused(may)
    if refusal:
        log.warning("commands are off", why=refusal)
    run = engines.containers(may)
    record = {"walls": standing.program, "missing": dict(standing.missing), "refusal": refusal}
    record |= {"engine": run.engine.name if run.engine else "", "no_containers": run.why}
    try:
        run_tx(lambda: Process.objects.filter(pk=process.pk).update(sandbox=record))
    except DatabaseError as problem:
        log.warning("what the sandbox holds is not shown", problem=str(problem).strip())
    finally:
        connection.close()
