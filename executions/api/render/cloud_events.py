"""Events and their sources as the API shows them."""

from __future__ import annotations

from collections.abc import Iterable

from executions import showing
from executions.api.schemas import cloud_events as shapes
from executions.ids import public_id
from executions.inbound.keeping import Kept
from executions.models import CloudEvent, EventSource


def kept(events: Iterable[Kept]) -> shapes.EventsKept:
    return shapes.EventsKept(
        events=[
            shapes.KeptEvent(id=public_id("evt", each.key), duplicate=each.is_duplicate)
            for each in events
        ]
    )


def event(row: CloudEvent) -> shapes.IncomingEvent:
    return shapes.IncomingEvent(
        id=row.public_id,
        owner=row.owner.get_username(),
        execution_id=public_id("wex", row.execution_id) if row.execution_id else None,
        type=row.type,
        source=row.source,
        event_id=row.event_id,
        received_at=row.received_at,
        matched_at=row.matched_at,
        heard=row.heard,
        event=showing.value(row.body),
    )


def source(row: EventSource) -> shapes.EventSource:
    return shapes.EventSource(**_of(row))


def new_source(row: EventSource, secret: str) -> shapes.NewEventSource:
    return shapes.NewEventSource(**_of(row), secret=secret)


def _of(row: EventSource) -> dict[str, object]:
    return {
        "id": row.public_id,
        "name": row.name,
        "owner": row.owner.get_username(),
        "event_type": row.event_type,
        "active": row.is_active,
        "url": f"/hooks/{row.public_id}",
        "created_at": row.created_at,
        "heard_at": row.heard_at,
    }
