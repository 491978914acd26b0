"""An administrator has a worker take nothing new, or lets it take work again.

The worker reads it by its pulse and finishes the runs that it drives; one that is killed meanwhile
is healed as any other. The process is drained: one that starts in its place takes work.
"""

from __future__ import annotations

import uuid

from django.contrib.auth.models import User
from django.db.models.functions import Now

from executions import audit, policy
from executions.errors import Refused
from executions.models import Process
from executions.models.process import WORKER
from executions.models.transactions import atomic, run_tx


def drain(process_id: uuid.UUID, actor: User | None) -> Process:
    """Have this worker take nothing new. Raises Refused."""
    return run_tx(lambda: _switched(process_id, actor, drains=True))


def resume(process_id: uuid.UUID, actor: User | None) -> Process:
    """Let this worker take work again. Raises Refused."""
    return run_tx(lambda: _switched(process_id, actor, drains=False))


def check_may_drain(user: policy.Person) -> None:
    """Raises Refused (``forbidden``)."""
    if not policy.is_admin(user):
        raise Refused("forbidden", "Administrators alone drain workers.")


def _switched(process_id: uuid.UUID, actor: User | None, *, drains: bool) -> Process:
    """``actor`` None is a person with a shell on the server's machine."""
    if actor is not None:
        check_may_drain(actor)
    with atomic():
        rows = Process.objects.filter(pk=process_id, kind=WORKER)
        process = rows.first()
        if process is None:
            raise Refused("not_found", "There is no such worker.")
        changing = rows.filter(dead_at=None).drained(are=not drains)
        if changing.update(drained_at=Now() if drains else None):
            verb = "drain worker" if drains else "resume worker"
            said = {"process": str(process), "worker": process.public_id}
            audit.record_installation(verb, process.public_id, actor, after=said)
        elif process.dead_at is not None:
            raise Refused(
                "conflict",
                "This worker has ended.",
                remedy="`stigmer workers list` names those that live.",
            )
        return rows.get()
