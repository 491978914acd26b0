"""Channels and their notices as the API shows them."""

from __future__ import annotations

from executions.api.render.receivers import of_message, of_receiver
from executions.api.schemas import channels as shapes
from executions.models import Channel, Sending


def channel(row: Channel) -> shapes.Channel:
    return shapes.Channel(
        **of_receiver(row),
        kind=row.kind,
        owner=row.owner.username if row.owner else None,
        types=row.types,
        only=row.only,
        muted=row.muted,
        rhythm=row.rhythm,
    )


def notice(row: Sending) -> shapes.Notice:
    return shapes.Notice(**of_message(row), notice=row.body)
