"""Workers: who drives executions, and which take nothing new."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel, Field

from executions.api.credentials import ADMIN, READ, person
from executions.api.cursors import Listing, Page
from executions.api.finding import shown
from executions.api.refusals import not_found
from executions.api.routes.resources import Paging
from executions.ids import parse_public_id
from executions.models import Process
from executions.recovery import draining

router = Router(tags=["Workers"])


class Worker(BaseModel):
    """A process that drives executions."""

    id: str
    host: str
    pid: int
    version: str
    slots: int
    held: int = Field(description="How many runs it drives now.")
    started_at: datetime
    heartbeat_at: datetime
    drained_at: datetime | None = Field(
        description="Since when it takes nothing new; null where it takes work."
    )


@router.get(
    "", auth=READ, response=Page[Worker], operation_id="list-workers", summary="List workers"
)
def listed(request: HttpRequest, paging: Annotated[Paging, Query()]) -> dict[str, Any]:
    """Those that were heard of lately, the one that started last first."""
    rows = Process.objects.living().workers().with_held()
    return Listing("workers", paging.limit, paging.cursor).page(rows, _shape)


@router.post(
    "/{worker_id}/drain",
    auth=ADMIN,
    response=Worker,
    operation_id="drain-worker",
    summary="Drain a worker",
)
def drain(request: HttpRequest, worker_id: str) -> Worker:
    """It takes nothing new and finishes what it drives. Administrators only."""
    draining.check_may_drain(person(request))
    return _read(draining.drain(_found(worker_id).pk, person(request)))


@router.post(
    "/{worker_id}/resume",
    auth=ADMIN,
    response=Worker,
    operation_id="resume-worker",
    summary="Let a worker take work again",
)
def resume(request: HttpRequest, worker_id: str) -> Worker:
    """After it was drained. Administrators only."""
    draining.check_may_drain(person(request))
    return _read(draining.resume(_found(worker_id).pk, person(request)))


def _found(worker_id: str) -> Process:
    key = parse_public_id(worker_id, "wrk")
    worker = Process.objects.workers().filter(pk=key).first() if key else None
    if worker is None:
        raise not_found(f"There is no worker {shown(worker_id)}.")
    return worker


def _read(process: Process) -> Worker:
    return _shape(Process.objects.with_held().get(pk=process.pk))


def _shape(row: Process) -> Worker:
    return Worker(
        id=row.public_id,
        host=row.host,
        pid=row.pid,
        version=row.version,
        slots=row.slots,
        held=vars(row)["held"],
        started_at=row.started_at,
        heartbeat_at=row.heartbeat_at,
        drained_at=row.drained_at,
    )
