"""Runs that can go on at one host alone, which holds their workspace, while it has no worker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Count, Exists, Max, OuterRef, Q

from executions import clock
from executions.models.process import Process
from executions.said import Said
from executions.states import Phase

if TYPE_CHECKING:
    from executions.models.execution import Execution, ExecutionQuerySet


@dataclass(frozen=True, slots=True)
class Away:
    """A host without a living worker: its name, and when one was heard of there last."""

    host: str
    heard_at: datetime | None

    def told(self) -> str:
        """Why a run does not move, in one sentence."""
        return Said(
            "It waits for the host {host}, which holds its workspace: no worker lives there.",
            host=self.host,
        )


def host_of(execution: Execution) -> Away | None:
    """The host for which this run waits; None where it waits for none, or for something else."""
    if not execution.host or not _wants_a_worker(execution) or is_there(execution.host):
        return None
    heard = Process.objects.driving().filter(host=execution.host)
    return Away(execution.host, heard.aggregate(at=Max("heartbeat_at"))["at"])


def is_there(host: str) -> bool:
    """Whether a worker lives on this host."""
    return Process.objects.living().workers().filter(host=host).exists()


def waiting(due: ExecutionQuerySet) -> list[tuple[str, int]]:
    """Of these the runs that wait for a host: the name of each, and how many."""
    rows = due.filter(~reachable()).values("host").annotate(count=Count("pk")).order_by("host")
    return list(rows.values_list("host", "count"))


def reachable() -> Q:
    """Bound to no host, or to one on which a worker lives."""
    there = Process.objects.living().workers().filter(host=OuterRef("host"))
    return Q(host="") | Q(Exists(there))


def _wants_a_worker(execution: Execution) -> bool:
    if execution.phase == Phase.IN_PROGRESS:
        process = execution.process
        return process is None or process.dead_at is not None
    is_due = execution.wake_at is not None and execution.wake_at <= clock.now()
    return execution.phase in (Phase.PENDING, Phase.WAITING) and is_due
