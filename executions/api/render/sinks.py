"""Sinks and their messages as the API shows them."""

from __future__ import annotations

from executions import showing
from executions.api.render.receivers import of_message, of_receiver
from executions.api.schemas import sinks as shapes
from executions.models import Channel, Sending


def sink(row: Channel) -> shapes.Sink:
    return shapes.Sink(**of_receiver(row), types=row.types, with_output=row.with_output)


def message(row: Sending) -> shapes.SinkMessage:
    return shapes.SinkMessage(**of_message(row), event=showing.value(row.body))
