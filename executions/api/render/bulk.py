"""Causes and bulk runs as the API shows them."""

from __future__ import annotations

from datetime import datetime

from executions import sight
from executions.api.schemas import bulk as shapes
from executions.api.schemas.shared import Links
from executions.attention.groups import Group
from executions.models import BulkItem, BulkRun, CauseNote
from executions.models.bulk_run import ItemStatus


def cause(group: Group, now: datetime) -> shapes.Cause:
    example, note = group.example, group.note
    return shapes.Cause(
        cause=group.cause,
        workflow=example.workflow.slug if example.workflow else None,
        agent=example.agent.slug if example.agent else None,
        step=example.current_step,
        reason=sight.reason_of(example),
        count=group.count,
        first_at=group.first_at,
        last_at=group.last_at,
        hours=list(group.hours),
        example_id=example.public_id,
        assignee=note.assignee.get_username() if note and note.assignee else None,
        note=note.note if note else "",
        snoozed_until=note.snoozed_until if note else None,
        is_snoozed=group.is_snoozed(now),
        came_back=group.came_back,
    )


def note(row: CauseNote) -> shapes.CauseNote:
    return shapes.CauseNote(
        cause=row.cause,
        assignee=row.assignee.get_username() if row.assignee else None,
        note=row.note,
        snoozed_until=row.snoozed_until,
    )


def bulk_run(row: BulkRun) -> shapes.BulkRun:
    counts = row.counts()
    address = f"/api/v1/bulk-runs/{row.public_id}"
    return shapes.BulkRun(
        id=row.public_id,
        verb=row.verb,
        what=row.what,
        cause=row.cause,
        reason=row.reason,
        started_by=row.actor.get_username(),
        total=row.total,
        phase=row.phase,
        said=row.said,
        counts=shapes.Counts(**{status.lower(): counts[status] for status in ItemStatus}),
        rate=row.rate,
        created_at=row.created_at,
        ended_at=row.ended_at,
        links=Links(self=address, items=f"{address}/items", stop=f"{address}/stop"),
    )


def item(row: BulkItem) -> shapes.BulkItem:
    return shapes.BulkItem(
        execution_id=row.execution.public_id,
        status=row.status,
        said=row.said,
        at=row.at,
    )
