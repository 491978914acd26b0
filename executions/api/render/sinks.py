"""Sinks and their messages as the API shows them."""

from __future__ import annotations

from executions.api.schemas import sinks as shapes
from executions.models import Channel, Sending


def sink(row: Channel) -> shapes.Sink:
    return shapes.Sink(
        id=row.public_id,
        name=row.name,
        address=row.address,
        types=row.types,
        secret=row.secret,
        with_output=row.with_output,
        active=row.is_active,
        created_at=row.created_at,
        hears_from=row.hears_from,
        sent_at=row.sent_at,
        waiting=row.waiting,
        given_up=row.given_up,
        rests_until=row.rests_until,
        problem=row.problem,
    )


def message(row: Sending) -> shapes.SinkMessage:
    return shapes.SinkMessage(
        id=row.pk,
        type=row.type,
        execution_id=row.execution.public_id if row.execution else None,
        state=row.state,
        tries=row.tries,
        created_at=row.created_at,
        due_at=row.due_at,
        sent_at=row.sent_at,
        problem=row.problem,
        event=row.body,
    )
